import { open, rename, rm } from 'node:fs/promises'
import { ClawError } from '../../../../model/failure.ts'
import type { Api } from '../../peer/api.ts'
import { command } from '../../line/command.ts'
import { nodeOptions } from '../../work/audit-filter.ts'

export default command({
  name: 'audit export',
  about: 'Write audit logs to a file that can be checked anywhere.',
  details:
    'It holds the entries with their hashes, and what the mesh knows of each log: check it with `audit verify --file`. Only you can read the ' +
    'file (0600). Without a file it goes to standard output.',
  positionals: { file: { about: 'Where to write it', optional: true } },
  options: {
    ...nodeOptions,
    format: { kind: 'text', value: 'FORMAT', choices: ['jsonl', 'csv'], about: 'jsonl (the default), or csv' },
    since: { kind: 'text', value: 'TIME', about: 'Leave out what is older: 30d, or an ISO time' },
  },
  examples: ['audit export audit.jsonl', 'audit export --all --format csv audit.csv', 'audit export --since 1h'],

  async run({ file, format, ...wanted }, { api: connect, out, signal }) {
    const known = format as 'jsonl' | 'csv' | undefined
    const parts = (await connect()).stream('audit.export', { ...wanted, ...(known && { format: known }) }, signal)
    if (file === undefined) {
      for await (const { text } of parts) await out.text(text)
      return undefined
    }
    const bytes = await written(file, parts)
    await out.result({ file, bytes }, () => [`${file}: ${bytes} bytes`])
    return undefined
  },
})

/** Whole, or not there. Throws INVALID_REQUEST for a place that cannot be written. */
async function written(file: string, parts: ReturnType<Api['stream']>): Promise<number> {
  const draft = `${file}.part-${process.pid}`
  let bytes = 0
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      for await (const part of parts as AsyncIterable<{ readonly text: string }>) {
        await handle.writeFile(part.text)
        bytes += Buffer.byteLength(part.text)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    if (!(error instanceof Error && 'code' in error) || error instanceof ClawError) throw error
    throw new ClawError('INVALID_REQUEST', { problem: `${file}: ${error.message}` }, { cause: error })
  }
  return bytes
}
