//! Tables of forms of care, viewing, settings and sign-in: OQSCD028–030 and 033–044.

use super::UnknownCode;

code_table! {
    /// 診療区分 (診療形態) as sent.
    TreatmentCategory = "OQSCD028" {
        Outpatient = "1" "外来", HomeVisit = "2" "訪問診療等", Online = "3" "オンライン診療等", Emergency = "4" "救急時",
    }
}
code_table! {
    /// 医療情報種別.
    MedicalInformation = "OQSCD029" { Checkup = "TKK" "特定健診情報", Medication = "YZK" "薬剤情報等", }
}
code_table! {
    /// 処方・調剤情報を含めるか.
    PrescriptionDisplay = "OQSCD030" { Hide = "0" "表示しない", Show = "1" "表示する", }
}
code_table! {
    /// URL取得区分.
    AccessUrlUse = "OQSCD033" { HomeVisit = "2" "訪問診療等", Online = "3" "オンライン診療等", }
}
code_table! {
    /// 医療機関アクセスURLの形式.
    AccessUrlFormat = "OQSCD034" { Pdf = "1" "PDF", Png = "2" "PNG", }
}
code_table! {
    /// 医療機関アクセスURLの変更.
    AccessUrlChange = "OQSCD035" { Keep = "0" "変更しない", Change = "1" "変更する", }
}
code_table! {
    /// 閲覧同意情報種別.
    ConsentInformation = "OQSCD036" {
        SpecificDisease = "TSR" "特定疾病療養受療証情報", Checkup = "TKK" "特定健診情報", Medication = "YZK" "薬剤情報",
        Treatment = "SRJ" "診療情報", Operation = "SHJ" "手術情報",
    }
}
code_table! {
    /// 利用設定区分.
    UseSetting = "OQSCD037" { Off = "0" "利用しない", On = "1" "利用する", }
}
code_table! {
    /// 電子処方箋利用区分.
    ElectronicPrescriptionUse = "OQSCD038" {
        None = "0" "利用なし", ElectronicOnly = "1" "電子のみ", ElectronicAndPaper = "2" "電子と紙", PaperOnly = "3" "紙のみ",
    }
}
code_table! {
    /// 処方箋発行形態選択タイミング.
    PrescriptionSelectTiming = "OQSCD039" { OutsideVerification = "1" "資格確認時以外", AtVerification = "2" "資格確認時", }
}
code_table! {
    /// 情報要求パターン.
    RequestPattern = "OQSCD040" {
        EmergencySummary = "1" "救急用サマリー", EmergencyFull = "2" "救急用全量", PrescriptionAndBoth = "3" "電子処方箋と薬剤・診療",
        Medication = "4" "薬剤", TreatmentAndMedication = "5" "診療・薬剤", Checkup = "6" "健診",
    }
}
code_table! {
    /// 二要素認証の要素.
    AuthenticationFactor = "OQSCD041" { Knowledge = "1" "記憶", Biometric = "2" "生体", Possession = "3" "物理", }
}
code_table! {
    /// 二要素認証の方式, of the factor 記憶.
    KnowledgeMethod = "OQSCD042" { Password = "01" "ID・パスワード", Pin = "02" "PIN", Question = "03" "秘密の質問", }
}
code_table! {
    /// 二要素認証の方式, of the factor 生体.
    BiometricMethod = "OQSCD042" {
        Fingerprint = "01" "指紋", Face = "02" "顔", Voice = "03" "音声", Vein = "04" "静脈", Iris = "05" "虹彩",
    }
}
code_table! {
    /// 二要素認証の方式, of the factor 物理.
    PossessionMethod = "OQSCD042" { IcCard = "01" "ICカード", OneTimePassword = "02" "ワンタイムパスワード", Other = "03" "その他", }
}
code_table! {
    /// 救急時閲覧権限.
    EmergencyViewRight = "OQSCD043" { No = "0" "無", Yes = "1" "有", }
}
code_table! {
    /// 連携システムID (PMH): values that add up like bits.
    LinkedSystem = "OQSCD044" {
        MedicalSubsidy = "01" "医療費助成", MaternalAndChildHealth = "02" "母子保健", Vaccination = "04" "予防接種", LongTermCare = "08" "介護保険",
    }
}
