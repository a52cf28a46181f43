/** Patterns with `*` for anything, also nothing, and `?` for one character. The whole text has to fit. In time that grows with both lengths, whatever the pattern. */
export function matchesGlob(pattern: string, text: string): boolean {
  let [p, t] = [0, 0]
  /** Where the last star is, and how much of the text it has taken so far. */
  let star = -1
  let taken = 0
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p
      taken = t
      p += 1
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1
      t += 1
    } else if (star >= 0) {
      taken += 1
      t = taken
      p = star + 1
    } else return false
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}
