import { ClawError } from '../../../../../model/failure.ts'
import type { InputOf } from '../../../../../operations/registry.ts'
import { readWhole } from '../../../backup-file.ts'
import { command } from '../../../line/command.ts'
import { networkFacts } from '../../../show/molt-words.ts'

/** Rules and addresses take a fraction of it. */
const mostBytes = 256 * 1_024

export default command({
  name: 'molt network join',
  about: 'Have the mesh take part in the MOLT network of another mesh.',
  details:
    'The file is what `molt network export` has written there. Strangers then reach the nodes that take part, by hosts of their own: never the mesh.',
  positionals: { file: { about: 'What the other mesh has exported' } },
  options: {},
  examples: ['molt network join lab-network.json', 'molt network join lab-network.json --json'],

  async run({ file }, { api: connect, out, signal }) {
    const network = parsed(file, await readWhole(file))
    const api = await connect()
    await out.result(await api.call('moltnetwork.join', { network }, signal), networkFacts)
    return undefined
  },
})

type File = InputOf<'moltnetwork.join'>['network']

/** Throws MOLT_NETWORK_INVALID; the peer looks at the rest. */
function parsed(file: string, bytes: Uint8Array): File {
  try {
    if (bytes.length > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`)
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as File
  } catch (cause) {
    const problem = `${file}: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new ClawError('MOLT_NETWORK_INVALID', { problem }, { cause })
  }
}
