import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { ClawError } from '../../../../model/failure.ts'
import { parseAddress } from '../../peer/address.ts'
import { meshOf } from '../../peer/mesh-of.ts'
import { pinned } from '../../peer/pinning.ts'
import { command } from '../../line/command.ts'
import type { Context } from '../../peer/contexts.ts'
import { contextsFile, local, readContexts, withMesh, writeContexts } from '../../peer/contexts.ts'

export default command({
  name: 'context add',
  about: 'Give a mesh a name: where its peers are, and how to get in.',
  details:
    'With several addresses, the first peer that answers is taken, and another one when it answers no more. ' +
    'The certificate of an https address that nothing vouches for is shown, to be compared with what the daemon there logs, and kept: ' +
    'later on, another one is refused. So is a peer of another mesh than the one that answers now. --fingerprint says it beforehand, for scripts. ' +
    'A context of that name is replaced. What is kept is in a file that only you can read.',
  positionals: {
    name: { about: 'What to call it' },
    address: { about: 'Peers: https://HOST:PORT, http://HOST:PORT, unix:PATH, or a multiaddr', rest: true },
  },
  options: {
    'token-file': { kind: 'text', value: 'FILE', about: 'File with the API token, read each time' },
    'token-stdin': { kind: 'flag', about: 'Read the API token from standard input and keep it' },
    'operator-key': { kind: 'text', value: 'FILE', about: 'Operator’s key that requests are signed with' },
    fingerprint: {
      kind: 'list',
      value: 'SHA256:…',
      about: 'What the certificate of an https address has to be, one for each such address',
    },
    use: { kind: 'flag', about: 'Talk to it from now on' },
  },
  examples: [
    'context add lab http://gpu-node-1:8080 http://gpu-node-2:8080 --token-file ~/lab.token',
    'context add lab http://gpu-node-1:8080 --token-stdin --use < lab.token',
    'context add here unix:/var/lib/clawnode/api.sock',
    'context add lab https://gpu-node-1:8443 --fingerprint SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU',
  ],

  async run(
    { name, address, 'token-file': tokenFile, 'token-stdin': isPiped, 'operator-key': key, fingerprint: expected, use },
    { host, out, signal },
  ) {
    if (!/^[A-Za-z0-9][\w.-]{0,62}$/.test(name) || name === local)
      throw new ClawError('INVALID_REQUEST', {
        problem: `${name} is no name for a context: letters, digits, dots and dashes, and not ${local}`,
      })
    if (isPiped && tokenFile !== undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'say --token-stdin or --token-file, not both' })
    const peers = address.map(parseAddress)
    const { current, contexts } = await readContexts(host)
    const fingerprints = await pinned(peers, expected, { host, out, signal })
    const token = isPiped ? (await text(host.stdin)).trim() : undefined
    if (token === '') throw new ClawError('INVALID_REQUEST', { problem: 'there was no token on standard input' })
    const context: Context = {
      addresses: address,
      ...(token !== undefined && { token }),
      ...(tokenFile !== undefined && { tokenFile: resolve(tokenFile) }),
      ...(key !== undefined && { operatorKey: resolve(key) }),
      ...(Object.keys(fingerprints).length > 0 && { fingerprints }),
    }
    const mesh = await meshOf(context, { host, signal })
    if (mesh === null) out.note('No peer says yet of which mesh it is; `clawbernetes auth login` keeps it.')
    const kept = { ...contexts, [name]: withMesh(context, mesh) }
    await writeContexts({ current: use ? name : current, contexts: kept }, host)
    await out.result(
      { name, addresses: address, mesh, current: use || current === name, file: contextsFile(host) },
      () => [
        use || current === name ? `${name} is there and in use` : `${name} is there; talk to it with --context ${name}`,
      ],
    )
    return undefined
  },
})
