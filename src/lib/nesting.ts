/** How deep a value is nested. What is too deep overflows the stack of whoever walks through it, so this walks level by level. */

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
