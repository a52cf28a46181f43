/** JSON as a tree. */
import { SpecProblem } from './problem.ts'
import type { Place, Tree } from './tree.ts'
import { parseYaml } from './yaml.ts'

/**
 * JSON is YAML once its tabs are blanks, which they may be: none stands inside a string. So YAML's reader finds the places, after JSON's
 * own has said that it is JSON. Throws SpecProblem.
 */
export function parseJson(text: string): readonly Tree[] {
  try {
    JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const [, at] = / at position (\d+)/.exec(error.message) ?? []
    const problem = error.message
      .replace(/ in JSON at position.*$/s, '')
      .replace(/^./, (letter) => letter.toLowerCase())
    throw new SpecProblem({
      at: placeIn(text, at === undefined ? text.length : Number(at)),
      text: `no JSON: ${problem}`,
    })
  }
  return parseYaml(text.replaceAll('\t', ' '))
}

function placeIn(text: string, offset: number): Place {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
