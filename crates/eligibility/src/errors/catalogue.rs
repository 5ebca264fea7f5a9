//! The entries. One list: the enum, its order and its texts cannot drift apart.

use super::{
    ErrorEntry, Guidance,
    declare::{Carried, catalogue, place, severity},
};

catalogue! {
    /// An item is missing or has the wrong form.
    FieldFormat = "OQSA9001E" Refusal 422
        ja: "項目の形式が不正です。",
            "入力した保険者番号・記号・番号・生年月日を確かめて、もう一度照会してください。",
            "要求ファイルの項目名と桁数を、応答に示された項目について確認してください。";
        en: "An item is missing or has the wrong form.",
            "Check the typed number, symbol and birthday, and ask again.",
            "Check the named item of the request against the layout.";
    /// The request names another institution than the certificate.
    InstitutionMismatch = "OQSA9002E" Refusal 403
        ja: "医療機関コードがこの端末のものと一致しません。",
            "システム担当者に連絡してください。",
            "要求ファイルの医療機関コードと、端末に導入した電子証明書の医療機関コードを合わせてください。";
        en: "The institution code is not the one of this terminal.",
            "Call the system supplier.",
            "Make the institution code of the request and of the installed certificate agree.";
    /// A request is larger than allowed.
    TooLarge = "OQSA9003E" Refusal 413
        ja: "要求の大きさが上限を超えています。",
            "システム担当者に連絡してください。",
            "1ファイル10MiB以内になるよう、要求を分けてください。";
        en: "The request is larger than allowed.",
            "Call the system supplier.",
            "Split the request; a file may have 10 MiB at most.";
    /// A request cannot be read at all.
    Unreadable = "OQSA9004E" Refusal 400
        ja: "要求を読み取れません。",
            "システム担当者に連絡してください。",
            "文字コードの宣言と実際の符号化、XMLの構造を確認してください。DTDと実体参照は使えません。";
        en: "The request cannot be read.",
            "Call the system supplier.",
            "Check that the declared encoding is the real one and that the XML is well formed; DTD and entities are refused.";
    /// A hostile or unsafe file was taken out of the folder.
    Quarantined = "OQSA9005E" Refusal 400
        ja: "受け付けられないファイルのため隔離しました。",
            "連携フォルダに入れたファイルを確認し、システム担当者に連絡してください。",
            "隔離フォルダの記録にある理由を確認してください。ファイル名・種類・大きさが規則に反しているか、使用済みのファイル名を再び使っています。";
        en: "A file that cannot be taken was quarantined.",
            "Check what was put into the folder and call the system supplier.",
            "See the reason in the quarantine record: the name, kind or size of the file breaks the rules, or its name was used before.";
    /// The same request id came with other content.
    IdempotencyConflict = "OQSA9006E" Refusal 409
        ja: "同じ要求番号で異なる内容の要求を受け付けました。",
            "もう一度、新しい照会として操作してください。",
            "要求番号を使い回さないでください。再送するときは内容を変えないでください。";
        en: "The same request id came with different content.",
            "Ask again as a new question.",
            "Never use a request id twice; repeat a request unchanged.";
    /// No such operation.
    UnknownOperation = "OQSA9007E" Refusal 404
        ja: "この操作は提供していません。",
            "システム担当者に連絡してください。",
            "要求の種類と宛先、端末の版を確認してください。";
        en: "There is no such operation.",
            "Call the system supplier.",
            "Check the kind of request, its address and the version of the terminal.";
    /// The central system cannot be reached.
    CentralUnreachable = "OQSA9101E" Refusal 503
        ja: "中央システムに接続できません。しばらくして再度お試しください。",
            "しばらく待って再度照会してください。急ぐときは資格確認書などで確認してください。",
            "回線、名前解決、時刻、中央システムの稼働状況を確認してください。";
        en: "The central system cannot be reached; try again later.",
            "Wait and ask again; if it cannot wait, use another proof of coverage.",
            "Check the line, name resolution, the clock, and the state of the central system.";
    /// The terminal is not signed in, or has no usable certificate.
    TerminalNotReady = "OQSA9102E" Refusal 401
        ja: "端末がログインしていないか、電子証明書が無効です。",
            "端末を再起動し、直らなければシステム担当者に連絡してください。",
            "端末に導入した電子証明書と秘密鍵、その有効期限を確認してください。";
        en: "The terminal is not signed in or its certificate is not valid.",
            "Restart the terminal; if that does not help call the supplier.",
            "Check the installed certificate, its key and its dates.";
    /// The institution's certificate was revoked.
    InstitutionCertificateRevoked = "OQSA9103E" Refusal 403
        ja: "医療機関等の電子証明書が失効しています。",
            "システム担当者に連絡してください。",
            "電子証明書を再発行し、端末に導入し直してください。";
        en: "The certificate of the institution was revoked.",
            "Call the system supplier.",
            "Have a new certificate issued and install it.";
    /// The institution's certificate has expired.
    InstitutionCertificateExpired = "OQSA9104E" Refusal 403
        ja: "医療機関等の電子証明書の有効期限が切れています。",
            "システム担当者に連絡してください。",
            "電子証明書を更新し、端末に導入し直してください。";
        en: "The certificate of the institution has expired.",
            "Call the system supplier.",
            "Renew the certificate and install it.";
    /// The certificate is not of a registered terminal.
    InstitutionCertificateUnknown = "OQSA9105E" Refusal 403
        ja: "登録されていない端末の電子証明書です。",
            "システム担当者に連絡してください。",
            "端末を登録するか、登録済みの電子証明書を導入してください。";
        en: "The certificate is not the one of a registered terminal.",
            "Call the system supplier.",
            "Register the terminal or install its registered certificate.";
    /// The central system has too much to do.
    Overloaded = "OQSA9106E" Refusal 503
        ja: "中央システムが混み合っています。しばらくして再度お試しください。",
            "少し待って再度照会してください。",
            "端末の再試行間隔が短すぎないか確認してください。続くときは運用窓口に連絡してください。";
        en: "The central system is overloaded; try again later.",
            "Wait a moment and ask again.",
            "Check that the terminal does not retry too fast; if it lasts tell the operator.";
    /// The record of accesses cannot be written, so nothing is shown.
    AuditUnavailable = "OQSA9107E" Refusal 503
        ja: "記録を保存できないため、回答を中止しました。",
            "しばらく待って再度照会してください。",
            "中央側の障害です。運用窓口の案内を確認してください。";
        en: "The answer was withheld because its record could not be stored.",
            "Wait and ask again.",
            "A fault of the central side; follow the operator's notices.";
    /// A fault of the system itself.
    Internal = "OQSA9108E" Refusal 500
        ja: "システムに異常が発生しました。",
            "しばらく待って再度照会し、続くときはシステム担当者に連絡してください。",
            "発生時刻を添えて運用窓口に連絡してください。";
        en: "The system has failed.",
            "Wait and ask again; if it lasts call the supplier.",
            "Tell the operator, with the time it happened.";
    /// The centre's answer and the receipt it signed for it do not agree, or the receipt is not good.
    AnswerUnproven = "OQSA9109E" Refusal 502
        ja: "中央システムの回答を検証できないため、使用しませんでした。",
            "再度照会し、続くときはシステム担当者に連絡してください。それまでは資格確認書などで確認してください。",
            "端末の時刻を確認し、記録を添えて運用窓口に連絡してください。回答の改ざんの可能性があります。";
        en: "The answer of the central system could not be verified and was not used.",
            "Ask again; if it lasts call the supplier, and use another proof of coverage until then.",
            "Check the terminal's clock, then tell the operator with the log: answers may be tampered with.";
    /// The line of the institution is not authenticated.
    LineNotConnected = "OQSA9110E" Refusal 403
        ja: "ネットワークエラー：回線認証が接続されていません。",
            "LANケーブルを確認し、パソコンとルーターを再起動してください。直らないときは https://www.lineauth.mnw を開き、「希望する」を押してください。",
            "回線の接続元アドレスが、登録されたお客さまIDのものか確認してください。";
        en: "Network error: the line is not authenticated.",
            "Check the LAN cable, restart the PC and the router; then open https://www.lineauth.mnw and choose to connect.",
            "Check that the line's address is the one registered for the customer id.";
    /// The certificate was renewed, and the time in which the old one works beside the new one is over.
    InstitutionCertificateSuperseded = "OQSA9111E" Refusal 403
        ja: "更新前の古い電子証明書です。新しい電子証明書を使ってください。",
            "システム担当者に連絡してください。",
            "更新した電子証明書を端末に導入し、古いものを削除してください。";
        en: "The certificate was renewed; use the new one.",
            "Call the system supplier.",
            "Install the renewed certificate on the terminal and delete the old one.";
    /// The certificate is for online billing alone.
    InstitutionCertificateForBilling = "OQSA9112E" Refusal 403
        ja: "用途が「オンライン請求」だけの電子証明書のため、資格確認には使えません。",
            "資格確認に使う端末から照会してください。分からないときはシステム担当者に連絡してください。",
            "資格確認用または兼用の電子証明書を端末に導入してください。ないときは、ポータルサイトの電子証明書発行申請で、用途に「オンライン資格確認」を選んでください。";
        en: "The certificate is for online billing only and cannot be used for eligibility checks.",
            "Ask from a terminal that is for eligibility checks, or call the supplier.",
            "Install a certificate for eligibility or for both; if there is none, apply for one that names eligibility.";
    /// The nonce was not issued here, or not to this terminal.
    NonceUnknown = "OQSA9201E" Refusal 400
        ja: "カード確認番号が無効です。もう一度カードを置いてください。",
            "もう一度カードを読み取ってください。",
            "端末の電子証明書を入れ替えた直後でなければ、通信の改ざんを疑って調査してください。";
        en: "The nonce is not valid; place the card again.",
            "Read the card again.",
            "Unless the terminal's certificate was just replaced, look for tampering on the line.";
    /// The nonce is too old.
    NonceExpired = "OQSA9202E" Refusal 400
        ja: "照会の受付時間を過ぎました。もう一度カードを置いてください。",
            "もう一度カードを読み取ってください。",
            "繰り返すときは端末の時刻と通信の遅れを確認してください。";
        en: "The nonce has expired; place the card again.",
            "Read the card again.",
            "If it repeats check the terminal's clock and the delay of the line.";
    /// The nonce was used for another question. (The same question again gets its first answer.)
    NonceUsed = "OQSA9203E" Refusal 409
        ja: "このカード確認番号は別の照会で使用済みです。もう一度カードを置いてください。",
            "もう一度カードを読み取ってください。",
            "使用済みのカード確認番号（ノンス）で、内容の異なる照会が届きました。照会ごとに新しい番号を取得しているか、再送のときに内容を変えていないかを確認してください。同じ内容の再送には最初の結果を返します。";
        en: "The nonce was used for another question; place the card again.",
            "Read the card again.",
            "Another question came under a nonce that has its answer: check that the terminal takes a new nonce for each question and changes nothing when it repeats one. The same question again gets its first answer.";
    /// The card's signature does not fit.
    BadSignature = "OQSA9204E" Refusal 400
        ja: "カードの署名を確認できません。",
            "カードを置き直して、もう一度読み取ってください。",
            "カードとリーダーの接触、端末の電子証明書の入れ替えの有無を確認してください。";
        en: "The signature of the card does not verify.",
            "Place the card again.",
            "Check the reader, and whether the terminal's certificate was replaced.";
    /// The card's certificate cannot be read.
    CardCertificateUnreadable = "OQSA9205E" Refusal 400
        ja: "カードの電子証明書を読み取れません。",
            "カードを置き直して、もう一度読み取ってください。",
            "別のカードで確認し、リーダーの故障かカードの故障かを切り分けてください。";
        en: "The certificate of the card cannot be read.",
            "Place the card again.",
            "Try another card to tell a faulty reader from a faulty card.";
    /// The card's certificate is not from the card authority.
    CardCertificateUntrusted = "OQSA9206E" Refusal 403
        ja: "カードの電子証明書の発行者を確認できません。",
            "このカードは使えません。資格確認書などで確認してください。",
            "公的個人認証の発行者証明書が最新か確認してください。偽造の疑いは運用窓口に連絡してください。";
        en: "The issuer of the card's certificate is not trusted.",
            "This card cannot be used; use another proof of coverage.",
            "Check that the card authority's certificates are current; report a suspected forgery.";
    /// The certificate is not made for authentication.
    CardCertificateWrongPolicy = "OQSA9207E" Refusal 403
        ja: "利用者証明用の電子証明書ではありません。",
            "このカードは使えません。資格確認書などで確認してください。",
            "リーダーが利用者証明用電子証明書を送っているか確認してください。";
        en: "The certificate is not one for user authentication.",
            "This card cannot be used; use another proof of coverage.",
            "Check that the reader sends the authentication certificate.";
    /// The card's certificate is not valid yet.
    CardCertificateNotYetValid = "OQSA9208E" Refusal 403
        ja: "カードの電子証明書の有効期間が始まっていません。",
            "資格確認書などで確認してください。",
            "端末と中央の時刻を確認してください。";
        en: "The certificate of the card is not valid yet.",
            "Use another proof of coverage.",
            "Check the clocks.";
    /// What is known of revoked cards is too old to decide.
    RevocationStale = "OQSA9209E" Refusal 503
        ja: "カードの失効情報を確認できません。しばらくして再度お試しください。",
            "しばらく待って再度照会するか、保険者番号などで照会してください。",
            "中央側の失効情報の更新が止まっています。運用窓口の案内を確認してください。";
        en: "Whether the card was revoked cannot be told at present.",
            "Wait and ask again, or ask by number.",
            "The central side's revocation data is out of date; follow the operator's notices.";
    /// No coverage matches (validity 4).
    NoMatch = "OQSB1001W" Nobody 200
        ja: "該当する資格情報が見つかりません。",
            "保険者番号・記号・番号・枝番・生年月日を確かめてください。加入直後は登録前のことがあります。",
            "対応は不要です。";
        en: "No matching coverage was found.",
            "Check number, symbol, branch and birthday; a new membership may not be notified yet.",
            "Nothing to do.";
    /// Several persons match (validity 5).
    SeveralMatch = "OQSB1002W" Nobody 200
        ja: "複数の資格情報が該当します。",
            "枝番を入れて、もう一度照会してください。",
            "対応は不要です。";
        en: "Several coverages match.",
            "Ask again with the branch number.",
            "Nothing to do.";
    /// Too many questions found nobody.
    NumberChecksLimited = "OQSB1003W" Refusal 429
        ja: "該当しない照会が続いたため、照会の間隔を制限しています。",
            "1分ほど待ち、資格確認書などを見ながら照会してください。カードでの照会はそのまま使えます。",
            "誤った番号を繰り返し送るプログラムや、不正な利用がないか確認してください。";
        en: "Questions by number are slowed because too many found nobody.",
            "Wait a minute and ask with the insurance document at hand; cards still work.",
            "Look for a program that repeats wrong numbers, or misuse.";
    /// The card's certificate ends within three months. The message is the interface's own, wide digit and all; elsewhere
    /// it is written 3か月.
    CardExpiresSoon = "OQSB1101I" BesideAnswer 200
        ja: "マイナンバーカードの電子証明書の有効期限が３か月以内です。",
            "患者さんに、市区町村の窓口での更新を案内してください。照会結果はそのまま使えます。",
            "対応は不要です。";
        en: "The certificate of the card ends within three months.",
            "Tell the patient to renew it at the municipal office; the answer stands.",
            "Nothing to do.";
    /// The card's certificate has ended; eligibility only.
    CardInGrace = "OQSB1102W" BesideAnswer 200
        ja: "電子証明書の有効期限が切れています。資格情報のみ提供します。",
            "患者さんに、市区町村の窓口での更新を案内してください。薬剤情報などは閲覧できません。",
            "対応は不要です。";
        en: "The certificate of the card has ended; only eligibility is shown.",
            "Tell the patient to renew it; medical information cannot be viewed.",
            "Nothing to do.";
    /// The card's certificate ended more than three months ago.
    CardExpired = "OQSB1103E" Refusal 403
        ja: "電子証明書の有効期限が切れて3か月を過ぎています。",
            "資格確認書などで確認し、患者さんに市区町村の窓口での更新を案内してください。",
            "対応は不要です。";
        en: "The certificate of the card ended more than three months ago.",
            "Use another proof of coverage; tell the patient to renew at the municipal office.",
            "Nothing to do.";
    /// The card's certificate was revoked.
    CardRevoked = "OQSB1104E" Refusal 403
        ja: "マイナンバーカードの電子証明書が失効しています。",
            "資格確認書などで確認し、患者さんに市区町村の窓口での手続きを案内してください。",
            "対応は不要です。";
        en: "The certificate of the card was revoked.",
            "Use another proof of coverage; send the patient to the municipal office.",
            "Nothing to do.";
    /// A newer card or certificate of the person exists.
    CardSuperseded = "OQSB1105E" Refusal 403
        ja: "新しい電子証明書が発行されています。新しいカードをお使いください。",
            "新しいカードを持っているか患者さんに確かめ、なければ資格確認書などで確認してください。",
            "対応は不要です。";
        en: "A newer certificate was issued; the new card is needed.",
            "Ask the patient for the new card, or use another proof of coverage.",
            "Nothing to do.";
    /// The card is not registered for use as an insurance card.
    CardNotRegistered = "OQSB1106E" Refusal 403
        ja: "健康保険証としての利用登録がされていません。",
            "リーダーまたはマイナポータルで利用登録を案内するか、資格確認書などで確認してください。",
            "対応は不要です。";
        en: "The card is not registered for use as an insurance card.",
            "Offer to register it, or use another proof of coverage.",
            "Nothing to do.";
    /// The coverage of a reference number cannot be identified.
    ReferenceNotIdentified = "OQSB1201E" Nobody 200
        ja: "登録対象の資格が特定できません。",
            "保険者番号・記号・番号・枝番を確かめて、もう一度登録してください。",
            "対応は不要です。";
        en: "The coverage to register cannot be identified.",
            "Check number, symbol and branch, and register again.",
            "Nothing to do.";
    /// Another patient of the institution has the reference number.
    ReferenceNumberTaken = "OQSB1202E" Nobody 200
        ja: "照会番号は別の患者に登録されています。",
            "別の照会番号にするか、先にその患者の照会番号を変更してください。",
            "対応は不要です。";
        en: "Another patient has this reference number.",
            "Take another number, or change the other patient's first.",
            "Nothing to do.";
    /// A reception number is unknown or its result is gone.
    ReceptionUnknown = "OQSB1301W" Refusal 404
        ja: "受付番号が見つからないか、結果の保存期間を過ぎています。",
            "一括照会をもう一度登録してください。",
            "受付番号の保存と、7日以内の結果取得を確認してください。";
        en: "The reception number is unknown or its result has expired.",
            "Submit the bulk question again.",
            "Check that reception numbers are kept and results fetched within 7 days.";
    /// A bulk file has too many rows.
    BulkTooManyRows = "OQSB1302E" Refusal 413
        ja: "1ファイルの件数が上限の10,000件を超えています。",
            "ファイルを分けて、もう一度登録してください。",
            "1ファイル10,000件以内になるよう、要求を分けてください。";
        en: "The file has more than 10,000 rows.",
            "Split the file and submit the parts.",
            "Split the request; a file may have 10,000 rows at most.";
    /// An institution handed in too many bulk files today.
    BulkTooManyFiles = "OQSB1303W" Refusal 429
        ja: "本日登録できるファイル数の上限（20ファイル）に達しました。",
            "明日以降に、もう一度登録してください。",
            "1日20ファイル以内になるよう、要求をまとめてください。";
        en: "The limit of 20 files a day is reached.",
            "Submit the file again tomorrow.",
            "Put the questions into fewer files; 20 a day are taken.";
    /// There is no valid consent to view: none was given, or it was taken back, or it has run out. Of the pages that show
    /// what a kept consent opens.
    NoConsent = "OQSB1401W" Refusal 403
        ja: "有効な閲覧同意がありません。",
            "患者さんに、カードリーダーで閲覧に同意していただいてください。同意の期限が切れたときも同じです。",
            "対応は不要です。";
        en: "There is no valid consent to view.",
            "Ask the patient to consent at the reader; the same where a consent has run out.",
            "Nothing to do.";
    /// The function is switched off in the settings.
    FunctionOff = "OQSB1501E" Refusal 409
        ja: "この機能は環境設定情報で「利用しない」になっています。",
            "医療機関等管理者に、環境設定情報更新で「利用する」にするよう依頼してください。",
            "環境設定情報の該当項目を確認してください。設定の変更は医療機関が行います。";
        en: "This function is switched off in the settings.",
            "Ask the institution's administrator to switch it on.",
            "Check the setting; the institution changes it.";
    /// The terms were not opened, so settings of their block are not changed.
    TermsNotOpened = "OQSB1502E" Refusal 409
        ja: "利用規約が確認されていないため、設定を変更できません。",
            "環境設定情報更新の画面で利用規約を開いてから、もう一度変更してください。",
            "対応は不要です。利用規約は医療機関が画面で確認します。";
        en: "The settings cannot be changed before the terms were opened.",
            "Open the terms on the page of the settings, then change them again.",
            "Nothing to do; the institution opens the terms on the page.";
    /// Somebody else changed it meanwhile.
    SettingsConflict = "OQSB1503E" Refusal 409
        ja: "ほかの変更と重なったため、変更していません。",
            "現在の内容を確認して、もう一度変更してください。",
            "照会した版番号を付けて更新し、重なったときは照会からやり直してください。";
        en: "Nothing was changed because somebody else had changed it meanwhile.",
            "Look at what is there now and change it again.",
            "Send the version that was read; on a conflict read again.";
    /// The reader does not recognise the card.
    CardNotRecognised = "OQSR0001E" Refusal 400
        ja: "カードを認識できません。",
            "カードを置き直してください。ケースから出し、ほかのカードを離してください。",
            "リーダーの接続と状態を確認してください。";
        en: "The card is not recognised.",
            "Place the card again, out of its case and away from other cards.",
            "Check the connection and state of the reader.";
    /// The card is not a My Number card.
    NotMyNumberCard = "OQSR0002E" Refusal 400
        ja: "マイナンバーカードではありません。",
            "マイナンバーカードを置いてください。",
            "対応は不要です。";
        en: "This is not a My Number card.",
            "Ask for the My Number card.",
            "Nothing to do.";
    /// The PIN is wrong.
    PinWrong = "OQSR0003W" Refusal 400
        ja: "暗証番号が違うか、残り1回のため照合していません。",
            "最後の1回は残してあります。確かでなければ顔認証か目視確認を案内してください。",
            "対応は不要です。";
        en: "The PIN is wrong, or was not compared because one try is left.",
            "The last try is kept back; if unsure offer face or visual check.",
            "Nothing to do.";
    /// The PIN is locked.
    PinLocked = "OQSR0004E" Refusal 400
        ja: "暗証番号がロックされているか、暗証番号のないカードです。",
            "顔認証か目視確認に切り替えてください。ロックの解除は、市区町村の窓口での初期化を案内してください。",
            "対応は不要です。";
        en: "The PIN is locked, or the card has none.",
            "Use face or visual check; the municipal office unlocks a PIN.",
            "Nothing to do.";
    /// The card was taken away too early.
    CardRemoved = "OQSR0005E" Refusal 400
        ja: "処理の途中でカードが取り外されました。",
            "終わるまでカードを置いたままにして、やり直してください。",
            "対応は不要です。";
        en: "The card was removed before the end.",
            "Start again and leave the card until the end.",
            "Nothing to do.";
    /// The card has no PIN (顔認証マイナンバーカード).
    PinNotSet = "OQSR0006E" Refusal 400
        ja: "暗証番号を設定していないカードです。",
            "顔認証か目視確認で確認してください。",
            "対応は不要です。";
        en: "The card has no PIN.",
            "Use face or visual check.",
            "Nothing to do.";
    /// Face or visual check did not succeed.
    ProofFailed = "OQSR0007W" Refusal 400
        ja: "本人確認ができませんでした。",
            "もう一度行うか、ほかの方法（顔認証・暗証番号・目視確認）で本人確認をしてください。",
            "照明とカメラの向きを確認してください。";
        en: "The identity could not be confirmed.",
            "Try again, or use another way to confirm the identity.",
            "Check the light and the direction of the camera.";
    /// The reader is not connected.
    ReaderLost = "OQSR0008E" Refusal 503
        ja: "カードリーダーに接続できません。",
            "リーダーの電源とケーブルを確認してください。",
            "リーダーの接続、ドライバ、サービスの稼働を確認してください。";
        en: "The card reader is not connected.",
            "Check power and cable of the reader.",
            "Check the connection, the driver and its service.";
    /// Nothing happened for too long. Shown by the pages of the card reader.
    TimedOut = "OQSR0009W" Refusal 408
        ja: "時間内に操作が行われませんでした。",
            "最初からやり直してください。",
            "対応は不要です。";
        en: "Nothing was done in time.",
            "Start again.",
            "Nothing to do.";
    /// A visual check came without a passcode that is good.
    VisualCheckRefused = "OQSR0010W" Refusal 403
        ja: "目視確認用パスコードが違うか、使えなくなっています。",
            "パスコードを入力し直すか、医療機関等管理者に目視確認用パスコード発行を依頼してください。顔認証と暗証番号はそのまま使えます。",
            "資格確認の要求に、入力されたパスコードとカードリーダーの製造番号が入っているか確認してください。";
        en: "The passcode of the visual check is wrong or no longer good.",
            "Type it again, or ask the administrator to issue another; face and PIN still work.",
            "Check that the request carries the passcode and the serial number of the reader.";
}
