/** How deep a value is nested. What is too deep overflows the stack of whoever walks through it, so this walks level by level. */

/** What an operation is asked may be nested so deep. */
export const deepest = 64
/** What a peer answers may hold what it was asked, and says of it what it is. */
const deepestAnswer = 2 * deepest
/** What goes into the answer of somebody else, which says whose it is. */
const deepestPart = deepestAnswer - 16

/** Whatever comes from another peer is walked through by recursion later on: to be packed, hashed, or checked. */
export const isTooDeep = (value: unknown): boolean => isNestedDeeper(value, deepestAnswer)

export const isTooDeepForPart = (value: unknown): boolean => isNestedDeeper(value, deepestPart)

/** JSON that another peer wrote. Throws SyntaxError, also for what is too deep. */
export function shallowJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (isTooDeep(value)) throw new SyntaxError(`it is nested more than ${deepestAnswer} deep`)
  return value
}

/** Whether there are more than so many objects or lists within each other. */
export function isNestedDeeper(value: unknown, most: number): boolean {
  let level = [value].filter(isTree)
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > most) return true
    level = level.flatMap((tree) => Object.values(tree).filter(isTree))
  }
  return false
}

const isTree = (value: unknown): value is object => typeof value === 'object' && value !== null
