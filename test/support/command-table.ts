/** A table of what users were promised: each row can be asked through several doors, and every door answers in the same shape. */
import type { z } from 'zod'
import type { Daemon, Reply } from './mesh.ts'
import { exchange } from './http.ts'

/** What one row is asked with, filled in when its turn comes. */
export interface Row {
  /** Of the list of promises, such as `CLI-09` or `NI-12`. */
  readonly id: string
  readonly what: string
  /** The words after `clawbernetes`. What it prints with --json is checked, or with `prints` the text. */
  readonly cli?: readonly string[]
  readonly prints?: RegExp
  /** Exit code; 0 when left out. */
  readonly exits?: number
  readonly rest?: {
    readonly method: 'GET' | 'POST' | 'DELETE' | 'PATCH'
    readonly path: string
    readonly body?: object
  }
  /** Through `node invoke` of the CLI, and through POST /api/nodes/:node/invoke. */
  readonly invoke?: { readonly node: string; readonly command: string; readonly params?: object }
  /** Of the answer. For streams, of the list of items. */
  readonly shape: z.ZodType
  /** Doors whose answer has a shape of its own. */
  readonly shapes?: Partial<Record<Door, z.ZodType>>
}

export type Door = 'cli' | 'rest' | 'invoke' | 'invoke by rest'

/** Asks a row at one door. Throws when the door refuses it. */
export async function ask(row: Row, door: Door, daemon: Daemon): Promise<unknown> {
  switch (door) {
    case 'cli':
      return fromCli(row, daemon)
    case 'rest':
      return row.rest === undefined ? undefined : fromRest(row.rest, daemon)
    case 'invoke': {
      if (row.invoke === undefined) return undefined
      const { node, command, params = {} } = row.invoke
      return jsonOf(await daemon.cli('--json', 'node', 'invoke', node, command, JSON.stringify(params)))
    }
    case 'invoke by rest': {
      if (row.invoke === undefined) return undefined
      const { node, command, params = {} } = row.invoke
      return fromRest({ method: 'POST', path: `/api/nodes/${node}/invoke`, body: { command, params } }, daemon)
    }
  }
}

export const doorsOf = ({ cli, rest, invoke }: Row): readonly Door[] => [
  ...(cli === undefined ? [] : (['cli'] as const)),
  ...(rest === undefined ? [] : (['rest'] as const)),
  ...(invoke === undefined ? [] : (['invoke', 'invoke by rest'] as const)),
]

export const shapeAt = ({ shape, shapes }: Row, door: Door): z.ZodType => shapes?.[door] ?? shape

async function fromCli({ cli = [], prints, exits = 0 }: Row, daemon: Daemon): Promise<unknown> {
  const reply = await daemon.cli(...(prints === undefined ? ['--json'] : []), ...cli)
  if (reply.code !== exits) throw new Error(`${cli.join(' ')} ended with ${reply.code}: ${reply.stderr}`)
  if (prints === undefined) return linesOrValue(reply.stdout)
  if (!prints.test(`${reply.stdout}${reply.stderr}`))
    throw new Error(`${cli.join(' ')} did not print ${String(prints)}: ${reply.stdout}${reply.stderr}`)
  return reply.stdout
}

function jsonOf({ code, stdout, stderr }: Reply): unknown {
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`)
  return JSON.parse(stdout)
}

/** One value, or a line of JSON for each item of a stream. */
function linesOrValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown)
  }
}

export async function fromRest(
  { method, path, body }: NonNullable<Row['rest']>,
  { socket }: Pick<Daemon, 'socket'>,
): Promise<unknown> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const { status, body: text } = await exchange(socket, { method, path, ...sent })
  if (status !== 200) throw new Error(`${method} ${path} answered ${status}: ${text}`)
  return linesOrValue(text)
}
