/** Where results, notes and errors go: data to stdout, talk to stderr, each in the format that was asked for. */
import { once } from 'node:events'
import type { ClawError } from '../../../model/failure.ts'
import type { Host, Sink } from '../host.ts'
import type { Format, Look } from './look.ts'
import type { Column } from './table.ts'
import { boxed, plain, printable } from './table.ts'
import { filled } from './template.ts'

export interface Style {
  readonly isWide: boolean
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): Promise<readonly string[]>
}

type Render<T> = (value: T, style: Style) => readonly string[] | Promise<readonly string[]>

export class Output {
  readonly format: Format
  readonly #look: Look
  readonly #stdout: Sink
  readonly #stderr: Sink
  readonly #hasColour: boolean

  constructor({ stdout, stderr, env }: Pick<Host, 'stdout' | 'stderr' | 'env'>, look: Look) {
    this.format = look.format
    this.#look = look
    this.#stdout = stdout
    this.#stderr = stderr
    this.#hasColour = look.color === 'auto' ? wantsColour(stderr, env) : look.color === 'always'
  }

  get isForMachines(): boolean {
    return this.format !== 'table' && this.format !== 'wide'
  }

  /** Whether what goes to standard output may be coloured. */
  get hasColour(): boolean {
    return this.isTerminal && this.#hasColour
  }

  get isTerminal(): boolean {
    return this.#stdout.isTTY === true
  }

  /** The result of a command: as data, or as the lines that `render` makes of it. */
  async result<T>(value: T, render: Render<T>): Promise<void> {
    if (this.#look.isQuiet && !this.isForMachines) await this.#print(handlesOf(value, ['id', 'name']))
    else if (this.format === 'json') await this.#print([JSON.stringify(value, null, 2)])
    else if (this.format === 'jsonl')
      for (const item of Array.isArray(value) ? (value as unknown[]) : [value])
        await this.#print([JSON.stringify(item)])
    else if (this.isForMachines) await this.#print(await this.#asData(value))
    else await this.#print(await this.lines(value, render))
  }

  /** What `result` would show to people, line by line. */
  async lines<T>(value: T, render: Render<T>): Promise<readonly string[]> {
    return render(value, this.#style())
  }

  /** One item of a stream: a line of JSON, or the text. */
  async item(value: unknown, text: string, to: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    if (this.format === 'yaml') await this.#print(['---', ...(await this.#asData(value))])
    else if (this.format === 'json' || this.format === 'jsonl') await this.#print([JSON.stringify(value)])
    else if (this.isForMachines) await this.#print(await this.#asData(value))
    else await write(to === 'stdout' ? this.#stdout : this.#stderr, text)
  }

  /** In place of what was drawn before, at a terminal. */
  async redraw(lines: readonly string[]): Promise<void> {
    const height = this.#stdout.rows ?? 24
    const shown = lines.slice(0, height - 1)
    const hidden = lines.length - shown.length
    const last = hidden > 0 ? [`… ${hidden + 1} more`] : []
    const text = [...shown.slice(0, hidden > 0 ? -1 : undefined), ...last].map((line) => `${line}\u001b[K\n`).join('')
    await write(this.#stdout, `\u001b[H${text}\u001b[J`)
  }

  /** Text as it is, for people only. */
  async text(text: string, to: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    if (text !== '') await write(to === 'stdout' ? this.#stdout : this.#stderr, text)
  }

  /** Something to know while waiting. Nothing for machines, and nothing with -q. */
  note(text: string): void {
    if (!this.isForMachines && !this.#look.isQuiet) this.#stderr.write(`${printable(text)}\n`)
  }

  /** `cause` is what lies behind it, where that says more. */
  error({ code, message, hint }: Pick<ClawError, 'code' | 'message' | 'hint'>, cause: string | null = null): void {
    if (['json', 'jsonl', 'yaml'].includes(this.format)) {
      this.#stderr.write(`${JSON.stringify({ error: { code, message, hint, ...(cause !== null && { cause }) } })}\n`)
      return
    }
    this.#stderr.write(`${this.#paint('1;31', `error[${code}]`)}: ${printable(message)}\n`)
    if (cause !== null) this.#stderr.write(`${this.#paint('33', 'cause')}: ${printable(cause)}\n`)
    this.#stderr.write(`${this.#paint('36', 'try')}: ${printable(hint)}\n`)
  }

  #paint(colour: string, text: string): string {
    return this.#hasColour ? `\u001b[${colour}m${text}\u001b[0m` : text
  }

  async #asData(value: unknown): Promise<readonly string[]> {
    const { template } = this.#look
    if (template !== null) return [filled(template, value).replace(/\n$/, '')]
    if (this.format === 'name') return handlesOf(value, ['name', 'id'])
    return [(await import('./yaml.ts')).stringify(value).trimEnd()]
  }

  #style(): Style {
    const isWide = this.format === 'wide'
    const shape = this.isTerminal ? boxed : plain
    const width = this.isTerminal && this.#look.isCut ? (this.#stdout.columns ?? null) : null
    return {
      isWide,
      table: (rows, columns) =>
        shape(
          rows,
          columns.filter((column) => isWide || column.wide !== true),
          { hasHeads: this.#look.hasHeads, width },
        ),
    }
  }

  async #print(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await write(this.#stdout, `${lines.join('\n')}\n`)
  }
}

function wantsColour({ isTTY }: Sink, env: Host['env']): boolean {
  const isSet = (name: string): boolean => env[name] !== undefined && env[name] !== ''
  if (isSet('NO_COLOR')) return false
  return isSet('FORCE_COLOR') ? env['FORCE_COLOR'] !== '0' : isTTY === true
}

/** What each of it is called, by the first of these fields that it has. */
function handlesOf(value: unknown, fields: readonly string[]): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => handlesOf(item, fields))
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  const record = value as Readonly<Record<string, unknown>>
  const field = fields.find((name) => typeof record[name] === 'string')
  return field === undefined ? [] : [printable(String(record[field]))]
}

/** Waits when the reader is slow. */
async function write(sink: Sink, text: string): Promise<void> {
  if (!sink.write(text)) await once(sink, 'drain')
}
