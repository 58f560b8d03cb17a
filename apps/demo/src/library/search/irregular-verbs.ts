// One verb per entry: the base form, then the forms that no suffix rule can reduce to it.
const FORMS = `
arise arose arisen|awake awoke awoken|bear bore borne|beat beaten|become became|begin began begun|bend bent|bind bound|bite bit bitten
bleed bled|blow blew blown|break broke broken|breed bred|bring brought|build built|burn burnt|buy bought|catch caught|choose chose chosen
cling clung|come came|creep crept|deal dealt|dig dug|draw drew drawn|dream dreamt|drink drank drunk|drive drove driven|dwell dwelt
eat ate eaten|fall fell fallen|feed fed|feel felt|fight fought|find found|flee fled|fling flung|fly flew flown|forbid forbade forbidden
forget forgot forgotten|forgive forgave forgiven|forsake forsook forsaken|freeze froze frozen|get got gotten|give gave given|go goes went gone
grind ground|grow grew grown|hang hung|have has had|hear heard|hide hid hidden|hold held|keep kept|kneel knelt|know knew known|lay laid
lead led|leap leapt|learn learnt|leave left|lend lent|light lit|lose lost|make made|mean meant|meet met|pay paid|ride rode ridden
ring rang rung|rise rose risen|run ran|say said|see saw seen|seek sought|sell sold|send sent|sew sewn|shake shook shaken|shine shone
shoot shot|show shown|shrink shrank shrunk|sing sang sung|sink sank sunk|sit sat|slay slew slain|sleep slept|slide slid|smell smelt
sow sown|speak spoke spoken|speed sped|spend spent|spin spun span|spit spat|spring sprang sprung|stand stood|steal stole stolen
stick stuck|sting stung|strike struck stricken|string strung|strive strove striven|swear swore sworn|sweep swept|swim swam swum
swing swung|take took taken|teach taught|tear tore torn|tell told|think thought|throw threw thrown|understand understood|wake woke woken
wear wore worn|weave wove woven|weep wept|win won|wind wound|withdraw withdrew withdrawn|write wrote written|die dying died|lie lying lied
`;

const verbs = FORMS.trim()
  .split(/[\n|]/)
  .map((entry) => entry.split(" "));

const baseForms = new Map(verbs.flatMap(([base = "", ...forms]) => forms.map((form) => [form, base] as const)));
const otherForms = new Map(verbs.map(([base = "", ...forms]) => [base, forms] as const));

/** "went" gives "go"; any other word is returned unchanged. */
export const baseForm = (word: string): string => baseForms.get(word) ?? word;

/** "go" gives "went" and "gone". */
export const irregularForms = (base: string): readonly string[] => otherForms.get(base) ?? [];
