/** The ways into a daemon: its operations, and the API that offers them. */
import { cronerSchedules } from '../adapters/croner/schedules.ts'
import { dial } from '../adapters/system/dial.ts'
import { identitiesOf } from '../doors/api/identities.ts'
import { ApiService } from '../doors/api/service.ts'
import { groupNumber } from '../doors/api/socket-file.ts'
import { tokenCheck } from '../doors/api/token.ts'
import type { OperationContext, RenewalView } from '../operations/context.ts'
import { OperationService } from '../operations/invoke.ts'
import { agentViewOf, explainer, hostViewOf, logsViewOf } from '../operations/node/local-views.ts'
import { Sight } from '../operations/mesh/mesh-changes.ts'
import { Measured } from '../operations/mesh/measured.ts'
import { Replies } from '../operations/replies.ts'
import { invite } from '../services/admission/invite.ts'
import { Renewal } from '../services/control/renewal.ts'
import type { Molt } from '../services/molt/types.ts'
import type { AuditLog } from '../ports/audit.ts'
import { Uploads } from '../services/control/uploads.ts'
import { maxSnapshotBytes } from '../wire/raft.ts'
import type { ControlPlane } from './control-plane.ts'
import { certificateFor } from './certificate.ts'
import { loginOf } from './login.ts'
import { type Ground, socketFolder } from './ground.ts'
import { programsOf } from './programs.ts'
import { signedAheadOf } from './signed-ahead.ts'
import { tailnetView } from './tailscale.ts'
import { apiToken } from './token.ts'
import type { WorkPlane } from './work-plane.ts'

/** Makes them; nothing is started. */
export async function doorsOf(
  ground: Ground,
  plane: ControlPlane,
  work: WorkPlane & { readonly audit: AuditLog; readonly molt: Molt } & Pick<
      OperationContext,
      'lending' | 'buying' | 'wallet'
    >,
) {
  const { config, log, version, random, clock, identity, metrics } = ground
  const { host, control, consensus, membership: belonging } = plane
  const { members, agent, logs, inventory, probes, audit } = work
  const watched = { control, membership: members, clock }
  const context: OperationContext = {
    ...{ self: identity.id, version, startedAt: clock.now(), control, membership: members, clock, random },
    ...{ schedules: cronerSchedules, verifier: ground.verifier, signedAhead: await signedAheadOf(ground) },
    log: log.child('operations'),
    rpc: host.rpc,
    get apiAddress() {
      return api.address
    },
    agent: agentViewOf(agent, dial),
    logs: logsViewOf(logs),
    host: hostViewOf(inventory, probes.host),
    programs: programsOf(config.system),
    renewal: renewalOf(ground, plane),
    spool: plane.spool,
    vault: plane.vault,
    images: work.images,
    services: work.services,
    ...{ volumes: work.volumes, backups: work.backups, overlay: work.overlay },
    tailnet: tailnetView(ground),
    ...{ audit, molt: work.molt, lending: work.lending, buying: work.buying, wallet: work.wallet },
    replies: new Replies(clock),
    sight: new Sight(watched),
    measured: new Measured(watched),
    figures: metrics,
    createToken: (request, signal) =>
      invite(request, { control, peers: host.peers, clock, random, networkKey: belonging.networkKey }, signal),
    transferLead: (to) => consensus.transfer(to),
    explain: explainer({ control, membership: members, clock }),
  }
  const operations = new OperationService(context)
  const settings = await apiSettings(ground)
  const checkToken = tokenCheck(await apiToken(config.dataDir, random))
  const api: ApiService = new ApiService(
    {
      invoker: operations,
      log: log.child('api'),
      version,
      login: loginOf(ground, control),
      onDenial: (denial) => audit.denied(denial),
      mesh: () => control.state.mesh?.id,
      identities: identitiesOf({
        self: identity.id,
        state: () => control.state,
        now: () => clock.now(),
        checkToken,
        signatures: operations.signatures,
        onUse: (key) => operations.noteUse(key),
      }),
    },
    settings,
  )
  return { operations, api, fingerprint: settings.tls?.fingerprint ?? null }
}

async function apiSettings(ground: Ground) {
  const { config } = ground
  const { socketGroup, insecureListen, allowHosts: hosts, requestsPerSecond, listen } = config.api
  const group = socketGroup === undefined ? null : await groupNumber(socketGroup)
  const tcp = tcpOf(listen)
  return {
    sockets: { folder: socketFolder(config), group, alias: config.dataDir },
    tls: await certificateFor(ground, tcp.host),
    ...{ tcp, insecureListen, hosts, requestsPerSecond },
  }
}

function renewalOf({ version, clock, random, identity }: Ground, { consensus, machine }: ControlPlane): RenewalView {
  const renewal = new Renewal({ self: identity.id, software: version, clock, random, consensus, state: machine.state })
  return {
    backup: (signal) => renewal.backup(signal),
    recover: (lost, by) => renewal.recover(lost, by),
    restore: (backup, by) => renewal.restore(backup, by),
    uploads: new Uploads(clock, maxSnapshotBytes),
  }
}

function tcpOf(listen: string): { readonly host: string; readonly port: number } {
  const at = listen.lastIndexOf(':')
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(listen.slice(at + 1)) }
}
