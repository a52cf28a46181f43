/** Prints output that came in chunks: as it is where nothing is to be added to it, line by line where something is. */
import { isError, linesOfChunk, runsOf } from '../../../lib/log-chunk.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Output } from './output.ts'

export type LogItem = OutputOf<'log.read'>

export interface PrintSettings {
  readonly timestamps: boolean
  /** What comes before each line of an item; nothing for an empty text. */
  prefix(item: LogItem): string
}

const colours = [36, 33, 32, 35, 34, 31] as const

/** Names before lines, each in a colour of its own on a terminal, and aligned once all are known. */
export class Prefixes {
  readonly #hasColour: boolean
  readonly #codes = new Map<string, number>()
  #width = 0

  constructor(hasColour: boolean) {
    this.#hasColour = hasColour
  }

  of(name: string): string {
    const code = this.#codes.get(name) ?? colours[this.#codes.size % colours.length] ?? 36
    this.#codes.set(name, code)
    this.#width = Math.max(this.#width, name.length)
    const text = `${name.padEnd(this.#width)} |`
    return this.#hasColour ? `\u001b[${code}m${text}\u001b[0m ` : `${text} `
  }
}

export async function printChunk(out: Output, item: LogItem, settings: PrintSettings): Promise<void> {
  if (item.note !== undefined)
    out.note(`${item.name === '' ? item.node : `${item.name} on ${item.node}`}: ${item.note}`)
  if (item.kinds === '') return
  if (out.isForMachines) await printLines(out, item)
  else if (settings.timestamps || settings.prefix(item) !== '') await printMarked(out, item, settings)
  else await printPlain(out, item)
}

/** As it came, in as few pieces as it has changes of its stream. */
async function printPlain(out: Output, { text, kinds }: LogItem): Promise<void> {
  let start = 0
  const runs = runsOf(kinds)
  for (const [i, { kind, count }] of runs.entries()) {
    if (kind === '-') {
      await out.text('--\n')
      continue
    }
    const end = i === runs.length - 1 ? text.length : endOfLine(text, start, count)
    await out.text(text.slice(start, end), isError(kind) ? 'stderr' : 'stdout')
    start = end
  }
}

function endOfLine(text: string, start: number, count: number): number {
  let end = start
  for (let i = 0; i < count; i += 1) {
    const stop = text.indexOf('\n', end)
    if (stop < 0) return text.length
    end = stop + 1
  }
  return end
}

async function printMarked(out: Output, item: LogItem, { timestamps, prefix }: PrintSettings): Promise<void> {
  const mark = prefix(item)
  let pending = ''
  let to: 'stdout' | 'stderr' = 'stdout'
  for (const { text, stream, at, isAfterGap } of linesOfChunk(item)) {
    if (stream !== to) {
      await out.text(pending, to)
      pending = ''
    }
    to = stream
    pending += `${isAfterGap ? '--\n' : ''}${mark}${timestamps ? `${timeOf(at)} ` : ''}${text}\n`
  }
  await out.text(pending, to)
}

async function printLines(out: Output, item: LogItem): Promise<void> {
  const { workload, name, node, attempt } = item
  for (const { position, at, stream, text, isContext } of linesOfChunk(item)) {
    const line = { workload, name, node, attempt, position, at: timeOf(at), stream, text }
    await out.item(isContext ? { ...line, context: true } : line, '')
  }
}

const timeOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
