/** The token of the HTTP API: made once, kept where only the owner of the data directory can read it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../ports/random.ts'

/** Name of the file below the data directory. */
export const tokenFile = 'api-token'

/** The token in the file, or a new one. */
export async function apiToken(dataDir: string, random: Random): Promise<string> {
  const file = join(dataDir, tokenFile)
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const token = `claw_${Buffer.from(random.bytes(32)).toString('base64url')}`
  await writeFile(file, `${token}\n`, { mode: 0o600, flag: 'wx' })
  return token
}
