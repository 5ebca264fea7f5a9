//! Tables of 医療扶助 (medical and dispensing tickets): OQSCD018–026.

use super::UnknownCode;

code_table! {
    /// 医療券・調剤券別.
    TicketType = "OQSCD018" { Medical = "01" "医療券", Dispensing = "02" "調剤券", }
}
code_table! {
    /// 診療別.
    TreatmentType = "OQSCD019" {
        Inpatient = "01" "入院", Outpatient = "02" "入院外", Dental = "03" "歯科", Dispensing = "04" "調剤", HomeNursing = "05" "訪問看護",
    }
}
code_table! {
    /// 単独・併用別: alone, or beside an insurance.
    SingleOrCombined = "OQSCD020" { Single = "01" "単独", Combined = "02" "併用", }
}
code_table! {
    /// 社会保険状況.
    SocialInsurance = "OQSCD021" { Yes = "01" "あり", No = "02" "なし", }
}
code_table! {
    /// 社会保険状況の整合性フラグ: the element is absent otherwise.
    Consistency = "OQSCD022" { Inconsistent = "1" "不整合あり", }
}
code_table! {
    /// 感染症法第37条の2.
    InfectionAct = "OQSCD023" { Yes = "01" "あり", No = "02" "なし", }
}
code_table! {
    /// 後期高齢者医療.
    ElderlyMedicalCare = "OQSCD024" { Yes = "01" "あり", No = "02" "なし", }
}
code_table! {
    /// 都道府県費.
    PrefecturalExpense = "OQSCD025" { Yes = "01" "あり", No = "02" "なし", }
}
code_table! {
    /// 指定医療機関確認フラグ: is the asking institution the one the ticket is made out to.
    DesignatedInstitution = "OQSCD026" { Same = "0" "一致", Different = "1" "不一致", }
}
