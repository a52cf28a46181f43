import { ClawError } from '../../../../model/failure.ts'
import { readWhole } from '../../backup-file.ts'
import { command } from '../../line/command.ts'
import { verdictFacts } from '../../show/wallet-words.ts'

/** What fits into one request. */
const mostBytes = 1_000_000

export default command({
  name: 'molt verify',
  about: 'Check every signature, link and sum of an account.',
  details:
    'Without anything, the books of the node, and no witness is asked. With --account any account, by the lines that a quorum of the witnesses has. With a file, what ' +
    '`molt statement --export json` or `molt dispute evidence --export` has written, up to 1 MB, by the rules that stand in it: compare the id of the network. It names the first line that is not right, and ends with 1 then.',
  positionals: { file: { about: 'Check this file instead', optional: true } },
  options: {
    account: { kind: 'text', value: 'ACCOUNT', about: 'Check any account, or that of a node of this mesh' },
    node: { kind: 'text', value: 'NODE', about: 'Which node checks; the one you talk to if left out' },
  },
  examples: ['molt verify', 'molt verify --account gpu-node-1 --json', 'molt verify account.json'],

  async run({ file: path, account, node }, { api: connect, out, signal }) {
    if (path !== undefined && account !== undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'it takes an account, or a file' })
    const file = path === undefined ? undefined : parsed(path, await readWhole(path))
    const api = await connect()
    const found = await api.call('molt.verify', { file, account, node }, signal)
    await out.result(found, verdictFacts)
    const { of, broken } = found
    if (broken !== null && of === 'books')
      throw new ClawError('BOOKS_BROKEN', { line: broken.line, problem: broken.problem })
    return broken === null ? 0 : 1
  },
})

/** Throws TOO_LARGE, and INVALID_REQUEST for what is no JSON. */
function parsed(path: string, bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length > mostBytes) throw new ClawError('TOO_LARGE', { what: path, limit: mostBytes })
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>
  } catch (cause) {
    throw new ClawError('INVALID_REQUEST', { problem: `${path}: ${(cause as Error).message}` }, { cause })
  }
}
