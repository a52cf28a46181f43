/** The output of a command as part of one answer, which must stay one message between peers. */
import { headInJson, tailInJson } from '../../lib/json-cut.ts'

/** Of stdout and of stderr each, written as JSON: the two and what goes with them are less than 1 MiB. */
const most = 448 * 1_024

interface Output {
  readonly stdout: string
  readonly stderr: string
  readonly truncated: boolean
}

/** Its beginning, cut where JSON needs more room for it than for plain text; then it is truncated. */
export function headOf({ stdout, stderr, truncated }: Output): Output {
  const cut = { stdout: headInJson(stdout, most), stderr: headInJson(stderr, most) }
  const isCut = cut.stdout.length < stdout.length || cut.stderr.length < stderr.length
  return { ...cut, truncated: truncated || isCut }
}

/** The end of one output. */
export const tailOf = (text: string): string => tailInJson(text, most)
