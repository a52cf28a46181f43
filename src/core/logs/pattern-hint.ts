/**
 * What every match of a pattern has in it: some bytes in a row. The engine of JavaScript finds those much faster than any loop of ours, and
 * only lines that have them need to be looked at. A row of bytes has no repetitions and no choices, so finding it takes no time of its own.
 */
import type { ByteSet, Node } from './pattern-syntax.ts'

/** Fewer would be found everywhere. */
const least = 2
/** Sets of more are met too often to be of use: a letter in either case is two. */
const largestSet = 2

/** Null when there is nothing worth looking for. */
export function hintOf(tree: Node): RegExp | null {
  let longest: readonly ByteSet[] = []
  let run: ByteSet[] = []
  const end = (): void => {
    if (run.length > longest.length) longest = run
    run = []
  }
  const visit = (node: Node): void => {
    switch (node.type) {
      case 'bytes':
        if (sizeOf(node.set) <= largestSet) run.push(node.set)
        else end()
        return
      case 'sequence':
        for (const part of node.parts) visit(part)
        return
      case 'assert':
        return
      case 'choice':
        end()
        return
      case 'repeat':
        end()
        if (node.least === 0) return
        visit(node.part)
        end()
        return
    }
  }
  visit(tree)
  end()
  return longest.length < least ? null : new RegExp(longest.map(classOf).join(''), 'g')
}

const sizeOf = (set: ByteSet): number => set.reduce((sum, isIn) => sum + isIn, 0)

const classOf = (set: ByteSet): string => {
  const members = [...set.keys()].filter((byte) => set[byte] === 1)
  const spelled = members.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
  return spelled.length === 1 ? spelled.join('') : `[${spelled.join('')}]`
}
