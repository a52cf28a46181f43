/** Where results, notes and errors go: data to stdout, talk to stderr, each in the format that was asked for. */
import { once } from 'node:events'
import type { ClawError } from '../../model/failure.ts'
import type { Host, Sink } from './host.ts'
import type { Column } from './table.ts'
import { boxed, plain, printable } from './table.ts'

export const formats = ['table', 'wide', 'json', 'yaml', 'jsonl'] as const
export type Format = (typeof formats)[number]

export interface Style {
  readonly isWide: boolean
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): Promise<readonly string[]>
}

export class Output {
  readonly format: Format
  readonly #stdout: Sink
  readonly #stderr: Sink
  readonly #hasColour: boolean

  constructor({ stdout, stderr, env }: Pick<Host, 'stdout' | 'stderr' | 'env'>, format: Format) {
    this.format = format
    this.#stdout = stdout
    this.#stderr = stderr
    const noColour = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== ''
    this.#hasColour = !noColour && (stderr.isTTY === true || env['FORCE_COLOR'] === '1')
  }

  get isForMachines(): boolean {
    return this.format === 'json' || this.format === 'jsonl' || this.format === 'yaml'
  }

  get isTerminal(): boolean {
    return this.#stdout.isTTY === true
  }

  /** The result of a command: as data, or as the lines that `render` makes of it. */
  async result<T>(
    value: T,
    render: (value: T, style: Style) => readonly string[] | Promise<readonly string[]>,
  ): Promise<void> {
    if (this.format === 'json') await this.#print(JSON.stringify(value, null, 2))
    else if (this.format === 'jsonl')
      for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) await this.#print(JSON.stringify(item))
    else if (this.format === 'yaml') await this.#print((await import('./yaml.ts')).stringify(value).trimEnd())
    else for (const line of await render(value, this.#style())) await this.#print(line)
  }

  /** One item of a stream: a line of JSON, or the text. */
  async item(value: unknown, text: string, to: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    if (this.format === 'yaml') await this.#print(`---\n${(await import('./yaml.ts')).stringify(value).trimEnd()}`)
    else if (this.isForMachines) await this.#print(JSON.stringify(value))
    else await write(to === 'stdout' ? this.#stdout : this.#stderr, text)
  }

  /** Something to know while waiting. Nothing for machines. */
  note(text: string): void {
    if (!this.isForMachines) this.#stderr.write(`${printable(text)}\n`)
  }

  error({ code, message, hint }: Pick<ClawError, 'code' | 'message' | 'hint'>): void {
    if (this.isForMachines) {
      this.#stderr.write(`${JSON.stringify({ error: { code, message, hint } })}\n`)
      return
    }
    this.#stderr.write(`${this.#paint('1;31', `error[${code}]`)}: ${printable(message)}\n`)
    this.#stderr.write(`${this.#paint('36', 'try')}: ${printable(hint)}\n`)
  }

  #paint(colour: string, text: string): string {
    return this.#hasColour ? `\u001b[${colour}m${text}\u001b[0m` : text
  }

  #style(): Style {
    const isWide = this.format === 'wide'
    const shape = this.isTerminal ? boxed : plain
    return {
      isWide,
      table: (rows, columns) =>
        shape(
          rows,
          columns.filter((column) => isWide || column.wide !== true),
        ),
    }
  }

  #print(text: string): Promise<void> {
    return write(this.#stdout, `${text}\n`)
  }
}

/** Waits when the reader is slow. */
async function write(sink: Sink, text: string): Promise<void> {
  if (!sink.write(text)) await once(sink, 'drain')
}
