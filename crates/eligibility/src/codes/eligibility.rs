//! Tables of verification and coverage: OQSCD001–017, 027, 031, 032.

use super::UnknownCode;

code_table! {
    /// 限度額適用認定証関連情報 同意フラグ.
    CeilingConsentFlag = "OQSCD001" { NotAgreed = "0" "未同意", Agreed = "1" "同意", }
}
code_table! {
    /// 照会区分: how the person was identified.
    InquiryMethod = "OQSCD002" { Card = "1" "マイナンバーカード", Number = "2" "被保険者証情報", }
}
code_table! {
    /// 処理結果区分.
    ResultSegment = "OQSCD003" { Done = "1" "正常終了", Processing = "2" "処理中", Failed = "9" "異常終了", }
}
code_table! {
    /// 処理結果状況.
    ProcessingStatus = "OQSCD004" { Ok = "1" "正常終了", Error = "2" "エラー", }
}
code_table! {
    /// 文字コード識別.
    CharacterCode = "OQSCD005" { Utf8 = "0" "UTF-8", ShiftJis = "1" "Shift_JIS", }
}
code_table! {
    /// 資格有効性: the answer of a verification.
    Validity = "OQSCD006" {
        Valid = "1" "有効",
        Invalid = "2" "無効",
        InvalidNewerExists = "3" "無効（新しい資格あり）",
        NoMatch = "4" "該当資格なし",
        SeveralMatch = "5" "複数該当",
        ValidTicketUnregistered = "6" "有効（未登録）",
    }
}
code_table! {
    /// 性別.
    Sex = "OQSCD007" { Male = "1" "男", Female = "2" "女", NotSet = "3" "未設定", }
}
code_table! {
    /// 資格喪失事由.
    ReasonOfLoss = "OQSCD008" {
        Death = "01" "死亡", PublicAssistance = "02" "生活保護受給開始",
        OtherInsurance = "03" "医療保険等の資格取得", Other = "99" "その他",
    }
}
code_table! {
    /// 本人・家族の別.
    Relation = "OQSCD009" { Insured = "1" "本人", Family = "2" "家族", }
}
code_table! {
    /// 被保険者証区分.
    CardClassification = "OQSCD010" {
        General = "01" "一般", Retired = "02" "退職", ShortTermGeneral = "03" "短期（一般）",
        ShortTermRetired = "04" "短期（退職）", SpecialMedicalExpense = "05" "特別療養費支給対象者",
        SpecialRetired = "06" "特例退職", SelfDefenseForces = "07" "自衛官診療証",
        PublicAssistance = "A1" "医療扶助",
    }
}
code_table! {
    /// 限度額適用認定証区分.
    CeilingCertificateKind = "OQSCD011" {
        Ceiling = "01" "限度額適用認定証",
        CeilingAndMeals = "02" "限度額適用・標準負担額減額認定証",
        Meals = "03" "標準負担額減額認定証",
    }
}
code_table! {
    /// 限度額適用認定証適用区分. `A..` under 70, `B..` from 70 on.
    CeilingClass = "OQSCD012" {
        A01 = "A01" "ア", A02 = "A02" "イ", A03 = "A03" "ウ", A04 = "A04" "エ", A05 = "A05" "オ", A06 = "A06" "オ（境）",
        B01 = "B01" "現役並みⅢ", B02 = "B02" "現役並みⅡ", B03 = "B03" "現役並みⅠ", B04 = "B04" "一般",
        B05 = "B05" "低所得Ⅱ", B06 = "B06" "低所得Ⅰ", B07 = "B07" "低所得Ⅰ（老福）", B08 = "B08" "低所得Ⅰ（境）",
        B09 = "B09" "一般Ⅱ", B10 = "B10" "一般Ⅰ",
    }
}
code_table! {
    /// 特定疾病区分.
    SpecificDisease = "OQSCD013" {
        ChronicRenalFailure = "1" "慢性腎不全（人工透析）", Hemophilia = "2" "先天性血液凝固因子障害", Hiv = "3" "血液製剤に起因するHIV感染症",
    }
}
code_table! {
    /// 限度額適用認定証情報変更有無 (bulk checks).
    CeilingChange = "OQSCD014" { Unchanged = "0" "変更なし", ChangedOrUnknown = "1" "変更あり又は判定不能", }
}
code_table! {
    /// 未就学区分: the element is absent otherwise.
    Preschool = "OQSCD015" { Preschool = "1" "未就学該当", }
}
code_table! {
    /// 同意区分.
    ConsentStatus = "OQSCD016" {
        NotAgreed = "0" "同意なし", Agreed = "1" "同意あり", TermExpired = "2" "同意有効期限切れ", CannotBeAsked = "3" "同意取得困難",
    }
}
code_table! {
    /// 処方箋発行形態.
    PrescriptionIssue = "OQSCD017" { Electronic = "1" "電子処方箋", Paper = "2" "紙の処方箋", }
}
code_table! {
    /// 同一個人有無フラグ.
    SamePerson = "OQSCD027" { Exists = "1" "同一個人あり", }
}
code_table! {
    /// 同意有効期限切れ理由.
    ConsentEndReason = "OQSCD031" {
        Normal = "0" "通常", CancelledByInstitution = "1" "医療機関等による取消", CancelledByPatient = "2" "患者による取消", PurposeChanged = "3" "用途変更",
    }
}
code_table! {
    /// 資格情報変更確認フラグ.
    CoverageChange = "OQSCD032" { Same = "0" "一致", Different = "1" "不一致", }
}
