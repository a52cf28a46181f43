/** Where a token comes from: a file, standard input, the environment, or somebody who types it unseen. Never the command line. */
import { readFile } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import { ClawError } from '../../../model/failure.ts'
import { canAsk } from '../confirm.ts'
import type { Session } from '../line/command.ts'

type Asking = Pick<Session, 'host' | 'out' | 'signal'>

/** Throws INVALID_REQUEST when there is none, and CONFIG_INVALID for a file that cannot be read. */
export async function givenToken(file: string | undefined, asking: Asking): Promise<string> {
  const token = (await found(file, asking)).trim()
  if (token === '') throw new ClawError('INVALID_REQUEST', { problem: 'there is no token' })
  if (!/^[\x21-\x7e]{1,512}$/.test(token))
    throw new ClawError('INVALID_REQUEST', { problem: 'a token is one word of at most 512 characters' })
  return token
}

async function found(file: string | undefined, asking: Asking): Promise<string> {
  const { host } = asking
  if (file !== undefined && file !== '-') return readToken(file)
  const given = host.env['CLAWBERNETES_TOKEN']
  if (file === undefined && given !== undefined && given !== '') return given
  return canAsk(asking) ? typed(asking) : text(host.stdin)
}

async function readToken(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new ClawError('CONFIG_INVALID', { file, problem: (error as Error).message }, { cause: error })
  }
}

/** Shows nothing of what is typed. */
async function typed({ host, signal }: Asking): Promise<string> {
  host.stderr.write('Token: ')
  const nowhere = new Writable({ write: (_, __, done) => done() })
  const terminal = createInterface({ input: host.stdin, output: nowhere, terminal: true })
  try {
    return await terminal.question('', { signal })
  } finally {
    terminal.close()
    host.stderr.write('\n')
  }
}
