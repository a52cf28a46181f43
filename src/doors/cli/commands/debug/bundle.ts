import { isSecretive } from '../../../../core/vault/names.ts'
import { ClawError } from '../../../../model/failure.ts'
import { writeWhole } from '../../backup-file.ts'
import { examine } from '../../doctor.ts'
import { command, type Session } from '../../line/command.ts'
import { archiveOf, indexOf } from '../../work/debug-archive.ts'
import { type Collected, collect, fitted, meshParts, nodeParts } from '../../work/debug-parts.ts'
import { type Hider, hiderOf } from '../../work/hide-secrets.ts'
import { bytesInWords } from '../../work/volume-words.ts'

/** Each is asked for four things, one node after the other. */
const mostNodes = 16

export default command({
  name: 'debug bundle',
  about: 'Write what a bug report needs to one file, without secrets.',
  details:
    'In it is what you may see anyway: versions, the mesh in numbers, who leads and votes, nodes, the private network, the newest workloads, ' +
    'deployments, jobs, the events of a day, the metrics of the peer that answers, and what `doctor` finds here. Values of variables, tokens, keys and ' +
    'passwords are left out; names of hosts, images and people are not, so look through it before you send it. What you may not see, and what is not ' +
    'answered in 10 s, is told in its bundle.json and is no failure. Only you can read the file (0600). The log of a daemon is where its standard error ' +
    'goes, such as `journalctl -u clawnode`.',
  positionals: {},
  options: {
    file: {
      kind: 'text',
      value: 'FILE',
      about: 'Where to write it; named after the time, in this folder, if left out',
    },
    node: { kind: 'list', value: 'NAME', about: 'Node to tell more of: its hardware, health, events and metrics' },
  },
  examples: ['debug bundle', 'debug bundle --file report.tar.gz --node gpu-node-1 --json'],

  async run({ file: wanted, node }, session) {
    const { out, host, signal } = session
    const nodes = [...new Set(node)]
    if (nodes.length > mostNodes)
      throw new ClawError('INVALID_REQUEST', { problem: `--node may be given for ${mostNodes} nodes at most` })
    const takenAt = new Date().toISOString()
    const file = wanted ?? `clawbernetes-debug-${takenAt.replaceAll(/[-:]|\.\d+/g, '')}.tar.gz`
    const known = Object.entries(host.env).flatMap(([name, value]) => (isSecretive(name) ? [value ?? ''] : []))
    const collected = await collectAll(session, nodes, hiderOf(known))
    const { version: ours } = host
    const client = { version: ours, node: process.versions.node, platform: process.platform, arch: process.arch }
    const index = indexOf(collected, { takenAt, client })
    const archive = await archiveOf(index, collected)
    signal.throwIfAborted()
    await writeWhole(file, archive)
    await out.result({ file, bytes: archive.length, ...index }, ({ files, missing }) => [
      `${file}: ${files.length} file(s), ${bytesInWords(archive.length)}`,
      ...missing.map(({ file: name, code, message }) => `without ${name}: ${code}: ${message}`),
    ])
    out.note('Look through it before you send it.')
    return undefined
  },
})

/** Tells of each when it is there. */
async function collectAll(session: Session, nodes: readonly string[], hider: Hider): Promise<readonly Collected[]> {
  const { out, signal } = session
  const told = (one: Collected): Collected => {
    out.note('code' in one ? `${one.file}: ${one.code}` : `${one.file}: ${bytesInWords(one.bytes.length)}`)
    return one
  }
  const ask = (parts: typeof meshParts): Promise<readonly Collected[]> =>
    Promise.all(parts.map(async (part) => told(await collect(part, session.api, { hider, signal }))))
  const checks = fitted('doctor.json', await examine(session), hider)
  const all: Collected[] = [told({ ...checks, operation: 'doctor' }), ...(await ask(meshParts))]
  for (const [at, node] of nodes.entries()) all.push(...(await ask(nodeParts(node, at + 1))))
  return all
}
