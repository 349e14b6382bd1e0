/** Words that cost one token each in most vocabularies, so that lengths are about what they say. */
const WORDS = (
  'the of and to in is was for on that with as it by at from his an were are which this be had or also their has but one first its new ' +
  'after who they two her she been other when time during there into all more world would city university year years people school state ' +
  'called part made some three many most about where work later such used both only name south north war house game life may system band ' +
  'film team number book series great same group second church music home then family under member east west area place because district ' +
  'town set became'
).split(' ')

/** `count` words, the same for the same seed; other seeds share no prefix to speak of. */
export function words(seed: number, count: number): string {
  let state = (seed * 2_654_435_761) >>> 0 || 1
  const chosen: string[] = []
  for (let index = 0; index < count; index++) {
    state ^= (state << 13) >>> 0
    state >>>= 0
    state ^= state >>> 17
    state ^= (state << 5) >>> 0
    state >>>= 0
    chosen.push(WORDS[state % WORDS.length] ?? 'the')
  }
  return ` ${chosen.join(' ')}`
}
