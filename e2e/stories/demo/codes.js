// What the list of errors and states must hold. Written here in full, not taken from the program, so that a new
// code, or one that can no longer be brought about, is a decision.

export const LAYERS = {
  OQSB: [
    'OQSB1001W', 'OQSB1002W', 'OQSB1003W', 'OQSB1101I', 'OQSB1102W', 'OQSB1103E', 'OQSB1104E', 'OQSB1105E', 'OQSB1106E',
    'OQSB1201E', 'OQSB1202E', 'OQSB1301W', 'OQSB1302E', 'OQSB1303W', 'OQSB1401W', 'OQSB1501E', 'OQSB1502E', 'OQSB1503E',
  ],
  OQSR: [
    'OQSR0001E', 'OQSR0002E', 'OQSR0003W', 'OQSR0004E', 'OQSR0005E', 'OQSR0006E', 'OQSR0007W', 'OQSR0008E', 'OQSR0009W',
    'OQSR0010W',
  ],
  OQSA: [
    'OQSA9001E', 'OQSA9002E', 'OQSA9003E', 'OQSA9004E', 'OQSA9005E', 'OQSA9006E', 'OQSA9007E', 'OQSA9101E', 'OQSA9102E',
    'OQSA9103E', 'OQSA9104E', 'OQSA9105E', 'OQSA9106E', 'OQSA9107E', 'OQSA9108E', 'OQSA9109E', 'OQSA9110E', 'OQSA9111E',
    'OQSA9112E',
    'OQSA9201E', 'OQSA9202E', 'OQSA9203E', 'OQSA9204E', 'OQSA9205E', 'OQSA9206E', 'OQSA9207E', 'OQSA9208E', 'OQSA9209E',
  ],
};

/** Of these the list says why they cannot happen yet. */
export const NOT_BUILT = ['OQSR0009W'];

const YES = true;
const NO = false;

/** What the clinic may see: ceiling, specific disease, checkup, medication, treatment, operation. */
export const CONSENTS = [
  { title: 'すべて同意する', sees: [YES, YES, YES, YES, YES, YES] },
  { title: 'すべて同意しない', sees: [NO, NO, NO, NO, NO, NO] },
  { title: '薬剤情報だけ同意する', sees: [NO, NO, NO, YES, NO, NO] },
  { title: '限度額の提供を断る', sees: [NO, YES, YES, YES, YES, YES] },
  { title: '特定疾病の提供に同意する', sees: [NO, YES, NO, NO, NO, NO] },
  { title: '聞いていない', sees: [YES, NO, NO, NO, NO, NO] },
  { title: '40 歳未満の健診', sees: [YES, YES, NO, YES, YES, YES] },
  { title: '電子証明書の期限切れ（3か月以内）', sees: [NO, NO, NO, NO, NO, NO] },
  { title: '前の同意が続いている（訪問診療等）', sees: [YES, NO, NO, YES, YES, NO] },
  { title: '同意の有効期限切れ（オンライン診療等）', sees: [YES, NO, NO, NO, NO, NO], says: '同意有効期限切れ' },
  { title: '同意を得るのが難しい（救急時）', sees: [YES, NO, NO, NO, NO, NO], says: '同意取得困難' },
];
