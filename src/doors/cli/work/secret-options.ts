/** What commands on secrets can be told, and what they make of it. A value comes from a file or from standard input, where nobody sees it. */
import { readFile, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { ClawError } from '../../../model/failure.ts'
import { mostSecretBytes } from '../../../model/secret.ts'
import { canAsk } from '../confirm.ts'
import type { Arguments, OptionSpec, Session } from '../line/command.ts'
import { pairsOf } from '../line/pairs.ts'

export const namespaceOption = {
  namespace: {
    kind: 'text',
    short: 'n',
    value: 'NAME',
    about: 'Namespace that it is in; $CLAWBERNETES_NAMESPACE or default if left out',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

export const valueOptions = {
  file: { kind: 'text', value: 'FILE', about: 'Take the value from this file, as it is' },
  literal: { kind: 'text', value: 'TEXT', about: 'The value itself; everybody on this machine can see it meanwhile' },
  generate: { kind: 'number', value: 'LENGTH', bare: 32, about: 'Have one made, of so many letters and digits; 32' },
} as const satisfies Readonly<Record<string, OptionSpec>>

export const policyOptions = {
  'allow-workloads': { kind: 'list', value: 'GLOB', about: 'Only work with such names may have it: train-*' },
  'allow-labels': { kind: 'list', value: 'K=V', about: 'Only work with these labels may have it' },
  'deny-workloads': { kind: 'list', value: 'GLOB', about: 'No work with such names may have it' },
  'rotate-days': { kind: 'number', value: 'N', about: 'A new value is due so often; 0 for never' },
  'rotate-length': {
    kind: 'number',
    value: 'N',
    about: 'The mesh makes the new values itself, of so many letters and digits',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

const invalid = (problem: string, cause?: unknown): ClawError =>
  new ClawError('INVALID_REQUEST', { problem }, { cause })

export const namespaceOf = (
  { namespace }: Arguments<Record<never, never>, typeof namespaceOption>,
  { host }: Pick<Session, 'host'>,
): string | undefined => namespace ?? (host.env['CLAWBERNETES_NAMESPACE'] || undefined)

type Values = Arguments<Record<never, never>, typeof valueOptions>

/** The value as operations take it. Throws INVALID_REQUEST. */
export async function valueSaid(
  { file, literal, generate }: Values,
  session: Pick<Session, 'host' | 'out' | 'signal'>,
) {
  const ways = [file, literal, generate].filter((way) => way !== undefined)
  if (ways.length > 1) throw invalid('the value is said in more than one way')
  if (generate !== undefined) return { generate }
  if (literal !== undefined) return { value: literal }
  const bytes = file === undefined ? withoutLineEnd(await typedOrPiped(session)) : await contentOf(file)
  if (bytes.length === 0) throw invalid('the value is empty: pipe it in, or name a file with --file')
  return { valueBase64: bytes.toString('base64') }
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file)
    if (size > mostSecretBytes) throw invalid(`${file} is larger than the ${mostSecretBytes} bytes of a secret`)
    return await readFile(file)
  } catch (error) {
    if (error instanceof ClawError) throw error
    throw invalid(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}`, error)
  }
}

/** What `echo` adds is hardly ever meant. */
const withoutLineEnd = (bytes: Buffer): Buffer => (bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes)

async function typedOrPiped({ host, out, signal }: Pick<Session, 'host' | 'out' | 'signal'>): Promise<Buffer> {
  if (canAsk({ host, out })) return Buffer.from(await askHidden({ host, out, signal }))
  const parts: Buffer[] = []
  let size = 0
  for await (const part of host.stdin as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(part)
    size += bytes.length
    if (size > mostSecretBytes + 1)
      throw invalid(`standard input is longer than the ${mostSecretBytes} bytes of a secret`)
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}

/** Nothing of what is typed is shown. */
async function askHidden({ host, signal }: Pick<Session, 'host' | 'out' | 'signal'>): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  host.stderr.write('Value (it is not shown): ')
  const terminal = createInterface({ input: host.stdin, output: nowhere, terminal: true })
  try {
    return await terminal.question('', { signal })
  } finally {
    terminal.close()
    host.stderr.write('\n')
  }
}

type Policies = Arguments<Record<never, never>, typeof policyOptions>

/** Only what is said. */
export const policySaid = (args: Policies) => ({
  allowWorkloads: unlessEmpty(args['allow-workloads']),
  allowLabels: args['allow-labels'].length === 0 ? undefined : pairsOf(args['allow-labels'], '--allow-labels'),
  denyWorkloads: unlessEmpty(args['deny-workloads']),
  rotateDays: args['rotate-days'],
  rotateLength: args['rotate-length'],
})

/** Lists may be written with commas as well. */
const unlessEmpty = (words: readonly string[]): string[] | undefined =>
  words.length === 0 ? undefined : words.flatMap((word) => word.split(',')).filter((word) => word !== '')
