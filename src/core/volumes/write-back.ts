/**
 * What a node puts back into a store of objects: decided from what the files hold now, what the store holds now, and what both held when they
 * were last the same. Who has changed what follows from that, and from no clock.
 */

/** A file, and what a store would say of it: by whichever of these it may call it. */
export interface LocalFile {
  readonly md5: string
  readonly etags: readonly string[]
}

/** What an object and its file held when they were the same. */
export interface Agreed {
  readonly etag: string
  readonly md5: string
}

export interface Sides {
  /** By path. */
  readonly files: ReadonlyMap<string, LocalFile>
  /** Paths of what is there and no file. Nothing is known of what is at them, or below them, and none of it is gone. */
  readonly others: ReadonlySet<string>
  /** ETags by key. */
  readonly stored: ReadonlyMap<string, string>
  readonly agreed: ReadonlyMap<string, Agreed>
}

export interface WriteBackRules {
  /** What is gone here goes there, too. */
  readonly removes: boolean
  /** What is here counts, where both have been changed. */
  readonly force: boolean
}

export interface WriteBack {
  readonly put: readonly string[]
  readonly remove: readonly string[]
  /** Changed on both sides, each in its own way. */
  readonly conflicts: readonly string[]
  /** Gone here, and left in the store. */
  readonly left: readonly string[]
  /** Changed in the store alone: that stays there, and is not fetched. */
  readonly theirs: readonly string[]
  /** What is the same on both sides, or was and has not been changed here. */
  readonly agreed: ReadonlyMap<string, Agreed>
}

export function writeBackOf(sides: Sides, { removes, force }: WriteBackRules): WriteBack {
  const verdicts = [...new Set([...sides.files.keys(), ...sides.agreed.keys()])].map(
    (key) => [key, verdictOn(key, sides)] as const,
  )
  const those = (wanted: Verdict): readonly string[] =>
    verdicts.flatMap(([key, verdict]) => (verdict === wanted ? [key] : []))
  const conflicts = [...those('both'), ...(removes ? those('gone, and changed there') : [])].toSorted()
  return {
    put: [...those('changed'), ...(force ? those('both') : [])].toSorted(),
    remove: removes ? [...those('gone'), ...(force ? those('gone, and changed there') : [])].toSorted() : [],
    conflicts: force ? [] : conflicts,
    left: removes ? [] : [...those('gone'), ...those('gone, and changed there')].toSorted(),
    theirs: those('not ours').toSorted(),
    agreed: new Map(verdicts.flatMap(([key, verdict]) => agreedOn(key, verdict, sides))),
  }
}

type Verdict = 'same' | 'not ours' | 'changed' | 'both' | Missing
type Missing = 'no file' | 'gone' | 'gone, and changed there' | 'gone on both sides'

function verdictOn(key: string, { files, others, stored, agreed }: Sides): Verdict {
  const file = files.get(key)
  const there = stored.get(key)
  const before = agreed.get(key)
  const isAsBefore = there !== undefined && there === before?.etag
  if (file === undefined) {
    if (isAt(key, others)) return 'no file'
    if (there === undefined) return 'gone on both sides'
    return isAsBefore ? 'gone' : 'gone, and changed there'
  }
  if (there !== undefined && file.etags.includes(there)) return 'same'
  // What changed in the store alone is of no concern to who writes here.
  if (before?.md5 === file.md5) return isAsBefore ? 'same' : 'not ours'
  const isNewOnlyHere = there === undefined && before === undefined
  return isAsBefore || isNewOnlyHere ? 'changed' : 'both'
}

function isAt(key: string, others: Sides['others']): boolean {
  if (others.has(key)) return true
  for (let cut = key.indexOf('/'); cut > 0; cut = key.indexOf('/', cut + 1))
    if (others.has(key.slice(0, cut))) return true
  return false
}

function agreedOn(
  key: string,
  verdict: Verdict,
  { files, stored, agreed }: Sides,
): readonly (readonly [string, Agreed])[] {
  if (verdict === 'gone on both sides') return []
  const file = files.get(key)
  const etag = stored.get(key)
  if (verdict === 'same' && file !== undefined && etag !== undefined) return [[key, { etag, md5: file.md5 }]]
  const before = agreed.get(key)
  return before === undefined ? [] : [[key, before]]
}
