/** What stands between this command line and a mesh that works, one thing after the other. */
import type { Check } from '../../model/check.ts'
import { ClawError, isClawError } from '../../model/failure.ts'
import { compareBuilds } from '../../model/version.ts'
import type { OutputOf } from '../../operations/registry.ts'
import type { Api } from './peer/api.ts'
import type { Peer, Session } from './line/command.ts'
import { contextsFile, readContexts } from './peer/contexts.ts'

type Found = Omit<Check, 'docs'> & { readonly docs?: string }

const guide = 'docs/guide.md#from-somewhere-else'
const ok = (name: string, evidence: string): Found => ({ name, status: 'ok', evidence, fix: null })

/** More than this and people wonder about the times that they see; much more and tokens are refused. */
const mostSkewMs = 5_000

export async function examine(session: Session): Promise<readonly Check[]> {
  const { host } = session
  const found: Found[] = [ok('command line', `build ${host.version} on Node ${process.versions.node}`)]
  const contexts = await checked('contexts', async () => {
    const known = Object.keys((await readContexts(host)).contexts).length
    return ok('contexts', known === 0 ? 'none' : `${known} in ${contextsFile(host)}`)
  })
  found.push(contexts)
  if (contexts.status === 'ok') found.push(...(await peersAndMesh(session)))
  return found.map((one) => ({ docs: guide, ...one }))
}

async function peersAndMesh(session: Session): Promise<readonly Found[]> {
  const peers = await session.peers().catch((error: unknown) => failed('peer', error))
  if ('status' in peers) return [peers]
  const looks = await Promise.all(peers.map((peer) => lookAt(peer, session)))
  const first = looks.find(({ ping }) => ping !== null)
  // With others to go to, one that does not answer is a nuisance and no more.
  const found = looks.map(({ check }) =>
    check.status === 'fail' && first !== undefined ? { ...check, status: 'warn' as const } : check,
  )
  const mesh = first?.ping ? await meshChecks(first.api, first.ping, session) : []
  await Promise.allSettled(looks.map(async ({ api }) => (await api).close()))
  return [...found, ...mesh]
}

interface Look {
  readonly check: Found
  readonly api: Promise<Api>
  readonly ping: (OutputOf<'gateway.ping'> & { readonly skewMs: number }) | null
}

async function lookAt({ address, open }: Peer, { signal }: Session): Promise<Look> {
  const api = open()
  try {
    const asked = Date.now()
    const ping = await (await api).call('gateway.ping', {}, signal)
    const tookMs = Date.now() - asked
    const skewMs = Date.parse(ping.time) - (asked + tookMs / 2)
    const check = ok('peer', `${ping.name} answers at ${address} in ${tookMs} ms`)
    return { check, api, ping: { ...ping, skewMs } }
  } catch (error) {
    return { check: failed('peer', error), api, ping: null }
  }
}

async function meshChecks(
  api: Promise<Api>,
  ping: NonNullable<Look['ping']>,
  { host, signal }: Session,
): Promise<readonly Found[]> {
  return Promise.all([
    checked('build', () => Promise.resolve(buildCheck(ping.version, host.version))),
    checked('clock', () => Promise.resolve(clockCheck(ping.name, ping.skewMs))),
    checked('leader', async () => {
      const { leader, voters } = await (await api).call('gateway.status', {}, signal)
      if (leader !== null) return ok('leader', `${leader}, of ${voters.length} voter(s)`)
      const fix = 'clawbernetes gateway status'
      return {
        name: 'leader',
        status: 'fail',
        evidence: 'none at the moment',
        fix,
        docs: 'docs/guide.md#when-things-break',
      }
    }),
    checked('api', async () => {
      const { insecure = null } = await (await api).call('status', {}, signal)
      if (insecure === null) return ok('api', 'encrypted wherever other hosts reach it')
      const fix = 'start that peer without --insecure-listen'
      return { name: 'api', status: 'warn', evidence: insecure, fix, docs: 'docs/operations.md#the-api-and-tls' }
    }),
    checked('overlay', async () => {
      const { enabled, mode, problems, nodes } = await (await api).call('network.status', {}, signal)
      if (!enabled) return ok('overlay', 'off')
      const silent = nodes.filter(({ link }) => link === 'down').map(({ node }) => node)
      const docs = 'docs/operations.md#the-overlay'
      const [problem] = problems
      const fix = 'clawbernetes network status'
      if (problem !== undefined) return { name: 'overlay', status: 'warn', evidence: problem, fix, docs }
      const evidence = `${ping.name} has never heard of ${silent.join(', ')} there`
      if (silent.length > 0) return { name: 'overlay', status: 'warn', evidence, fix, docs }
      return ok('overlay', `${nodes.length} node(s), ${mode} on ${ping.name}`)
    }),
    checked('nodes', async () => {
      const { nodes } = await (await api).call('status', {}, signal)
      if (nodes.unhealthy === 0) return ok('nodes', `${nodes.healthy} healthy`)
      const evidence = `${nodes.unhealthy} of ${nodes.healthy + nodes.unhealthy} are not healthy`
      const fix = 'clawbernetes node list --filter status!=healthy'
      return { name: 'nodes', status: 'warn', evidence, fix, docs: 'docs/guide.md#looking-at-the-mesh' }
    }),
  ])
}

function buildCheck(theirs: string, ours: string): Found {
  const order = compareBuilds(ours, theirs)
  if (order === 0) return ok('build', `the peer's too: ${theirs}`)
  const fix = order < 0 ? 'upgrade this command line' : 'upgrade the peer: clawnode upgrade --drain'
  return {
    name: 'build',
    status: 'warn',
    evidence: `ours is ${ours}, the peer's ${theirs}`,
    fix,
    docs: 'docs/operations.md#upgrading',
  }
}

function clockCheck(peer: string, skewMs: number): Found {
  const evidence = `${(Math.abs(skewMs) / 1_000).toFixed(1)} s ${skewMs > 0 ? 'behind' : 'ahead of'} ${peer}`
  if (Math.abs(skewMs) <= mostSkewMs) return ok('clock', evidence)
  return { name: 'clock', status: 'warn', evidence, fix: 'timedatectl set-ntp true', docs: 'docs/operations.md#clocks' }
}

async function checked(name: string, look: () => Promise<Found>): Promise<Found> {
  try {
    return await look()
  } catch (error) {
    return failed(name, error)
  }
}

/** What was expected to fail is a finding; anything else is a bug. */
function failed(name: string, error: unknown): Found {
  if (!isClawError(error)) throw error
  const fix = ClawError.is(error, 'CONFIG_INVALID') ? error.facts.problem.replace(/^.*; run /, '') : error.hint
  return { name, status: 'fail', evidence: error.message.replace(/\.$/, ''), fix }
}
