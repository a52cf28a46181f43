/** How far nodes are with an image: a bar each that changes at a terminal, a line every now and then elsewhere, nothing for machines. */
import type { FailureCode } from '../../../model/failure.ts'
import { failures } from '../../../model/failures.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Session } from '../line/command.ts'
import { exitCodeOf, partly } from '../exit-code.ts'
import { printable } from './table.ts'

type Progress = OutputOf<'image.pull'>

/** Off a terminal, a line for each node is written so often. */
const every = 5_000
/** More than that do not fit on a screen. */
const mostBars = 20

/** Follows to the end. Returns the last word of each node. */
export async function followImages(
  items: AsyncIterable<Progress>,
  { out, host, signal }: Session,
): Promise<readonly Progress[]> {
  const { stderr } = host
  const isLive = stderr.isTTY === true && !out.isForMachines
  const last = new Map<string, Progress>()
  const told = new Map<string, number>()
  let drawn = 0
  const draw = (): void => {
    const lines = [...last.values()].slice(-mostBars).map((one) => barOf(one).slice(0, (stderr.columns ?? 100) - 1))
    stderr.write(`${drawn === 0 ? '' : `\u001b[${drawn}A`}${lines.map((line) => `\r\u001b[K${line}\n`).join('')}`)
    drawn = lines.length
  }
  for await (const item of items) {
    last.set(item.node, item)
    if (out.isForMachines) continue
    const isNews = item.state !== 'pulling' || Date.now() - (told.get(item.node) ?? -Infinity) >= every
    if (isLive) draw()
    else if (isNews) {
      told.set(item.node, Date.now())
      out.note(`${item.node}: ${item.text}`)
    }
  }
  signal.throwIfAborted()
  return [...last.values()]
}

/** Prints the last word of each, and throws the failure when only one was asked for and it failed. */
export async function resultOfImages(ended: readonly Progress[], { out }: Session): Promise<number> {
  const wrong = ended.filter(({ state }) => state === 'failed')
  await out.result(ended, (rows) =>
    rows.map(({ node, state, id, text }) =>
      state === 'done' ? `${node} has it: ${id ?? ''}` : `${node} does not have it: ${text}`,
    ),
  )
  const [first] = wrong
  const error = first?.error ?? null
  if (error === null) return 0
  // A newer peer may know more codes.
  const code: FailureCode = error.code in failures ? (error.code as FailureCode) : 'IMAGE_PULL_FAILED'
  const { kind, hint } = failures[code]
  out.error({ code, message: error.message, hint })
  return wrong.length < ended.length ? partly : exitCodeOf({ code, kind })
}

const width = 24

function barOf({ node, text, doneBytes, totalBytes, state }: Progress): string {
  const share = state === 'done' ? 1 : totalBytes === null || totalBytes === 0 ? 0 : Math.min(1, doneBytes / totalBytes)
  const full = Math.round(share * width)
  return printable(`${node.padEnd(16)} [${'#'.repeat(full)}${'.'.repeat(width - full)}] ${text}`)
}
