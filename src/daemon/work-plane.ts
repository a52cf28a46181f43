/** The parts that know this host and its peers, run work here, and, while this peer leads, place work anywhere. */
import { cronerSchedules } from '../adapters/croner/schedules.ts'
import { join } from 'node:path'
import { logBounds, openLogStore, type LogBounds } from '../adapters/logs/file-log-store.ts'
import type { Config } from '../config/schema.ts'
import { healthChecks } from '../adapters/health/checks.ts'
import { vaultKeys } from '../adapters/keys/vault-keys.ts'
import { isPortFree } from '../adapters/system/free-port.ts'
import { ClawError } from '../model/failure.ts'
import { stateVersionKey, supported } from '../core/state/versions.ts'
import { rangeText } from '../model/version.ts'
import type { Workload, WorkloadSpec } from '../model/workload.ts'
import type { NodeId, PlacementId } from '../model/ids.ts'
import type { ReportContent } from '../model/report.ts'
import { AgentService } from '../services/agent/agent-service.ts'
import { InventoryReporter } from '../services/agent/inventory-reporter.ts'
import type { ImageService } from '../services/images/image-service.ts'
import { LogKeeper } from '../services/logs/log-keeper.ts'
import { provisionsFor } from '../services/vault/provisions.ts'
import type { Measure } from '../services/gateway/rollouts.ts'
import { GatewayService } from '../services/gateway/service.ts'
import type { NamingService } from '../services/naming/service.ts'
import type { NetworkPolicyService } from '../services/network-policies/service.ts'
import type { OverlayService } from '../services/overlay/service.ts'
import { MembershipService } from '../services/membership/service.ts'
import { abandonedCopies } from '../services/volumes/abandoned-copies.ts'
import { backupsOf } from './backups.ts'
import type { ConnectTo } from './connect-to.ts'
import type { ControlPlane } from './control-plane.ts'
import { careOf } from './device-care.ts'
import { chooseExecutors } from './executors.ts'
import type { Ground } from './ground.ts'
import { hardwareProbes } from './hardware.ts'
import { namingOf } from './naming.ts'
import { networkPoliciesOf } from './network-policies.ts'
import { overlayOf } from './overlay.ts'
import { imagesOf } from './images.ts'
import { ingressOf, proxyOf, servicesOf } from './services.ts'
import { objectCopiesOf, volumesOf, workingCopiesOf } from './volumes.ts'

export type WorkPlane = Awaited<ReturnType<typeof workPlane>>

/** Longest look at the devices for one report; a tool that takes longer is a problem in the report. */
const sampleMs = 15_000

/** Makes them; nothing is started. */
export async function workPlane(ground: Ground, plane: ControlPlane, connect: ConnectTo, signal: AbortSignal) {
  const { identity, clock, random, log, metrics, disk, verifier, config, version, panic, tailnet } = ground
  const { host, control, vault, membership: belonging } = plane
  const self = identity.id
  const makeImages = (address: string): ImageService => imagesOf(ground, { plane, membership: () => members, address })
  const { executors, images, volumes: engine, networks } = await chooseExecutors(ground, makeImages, signal)
  const settle = (placement: PlacementId): Promise<void> => logs.settle(placement)
  const kept = keptOf(ground, plane, { engine, executors, settle })
  const probes = hardwareProbes({
    dataDir: config.dataDir,
    node: self.slice(-8),
    simulateGpus: config.gpu.simulate === '' ? null : config.gpu.simulate,
    realGpus: config.gpu.autoDetect,
    clock,
    busy: () => new Set(agent.busyDevices()),
  })
  const inventory = new InventoryReporter({
    ...{ self, probes, control, clock },
    executors: [...executors.keys()],
    sharing: config.gpu.sharing,
    versions: () => ({ clawnode: version, [stateVersionKey]: rangeText(supported) }),
    log: log.child('inventory'),
  })
  const { care, admit } = careOf(ground, plane, { probes, devices: () => inventory.devices() })
  const naming = namingOf(ground, plane)
  const agent: AgentService = new AgentService({
    ...{ mesh: belonging.mesh, node: self, control, executors, devices: inventory, disk, clock, metrics },
    sharing: config.gpu.sharing,
    ...{ isPortFree, checks: healthChecks, beforeRemoval: settle, admit, mountsFor: kept.volumes.mountsFor },
    ...toldOf({ overlay: () => overlay, policies: () => networkPolicies, naming }),
    provisions: (workload, off) => provisionsFor({ vault, state: () => control.state }, workload, off),
    log: log.child('agent'),
  })
  const logs: LogKeeper = new LogKeeper({
    ...{ executors, clock, metrics, panic },
    store: await openLogStore(join(config.dataDir, 'logs'), boundsOf(config.logs)),
    tasks: () => agent.tasks().map(({ status }) => status),
    areAllKnown: () => agent.knowsAllTasks,
    expects: (placement) => agent.expects(placement),
    nameOf: (workload) => control.state.workloads.get(workload)?.name ?? null,
    log: log.child('logs'),
  })
  const proxy = proxyOf(ground, plane, { agent, connect })
  const { ingress, certificates } = ingressOf(ground, plane, proxy)
  const overlay = overlayOf(ground, plane, { networks, naming })
  const networkPolicies = networkPoliciesOf(ground, plane, { agent, executors })
  const troubled = [proxy, ingress, certificates, overlay, tailnet, naming, care, networkPolicies]
  const members: MembershipService = new MembershipService({
    ...{ clock, random, rpc: host.rpc, gossip: host.gossip, peers: host.peers, verifier, log, metrics },
    signer: identity.signer,
    meshId: belonging.mesh,
    members: () => control.state.members.keys(),
    onMembers: (listener) =>
      control.onChange((changes) => {
        if (changes.some(({ type }) => type === 'member')) listener()
      }),
    sample: async (): Promise<ReportContent> => {
      const sample = await inventory.sample(AbortSignal.timeout(sampleMs))
      const own = troubled.flatMap((one) => one.problems())
      const problems = [...own, ...sample.problems]
      return asOutdated({ ...sample, problems, busy: agent.busyDevices(), version }, control.outdated)
    },
  })
  agent.onBusyChange(() => members.refresh())
  for (const one of troubled) one.onProblems(() => members.refresh())
  const { services, measure } = servicesOf(ground, plane, { proxy, members })
  const gateway = gatewayOf(ground, plane, { members, measure })
  const shown = { proxy, ingress, certificates, services, overlay, naming, networkPolicies }
  return { executors, images, engine, probes, inventory, care, agent, logs, members, gateway, ...shown, ...kept }
}

const asOutdated = (content: ReportContent, outdated: Error | null): ReportContent =>
  outdated === null
    ? content
    : { ...content, isOutdated: true, problems: [`outdated: ${outdated.message}`, ...content.problems] }

interface Told {
  readonly overlay: () => OverlayService
  readonly policies: () => NetworkPolicyService
  readonly naming: NamingService
}

/** What work is told of the network that it is in. */
const toldOf = ({ overlay, policies, naming }: Told) => ({
  networkFor: (workload: Workload, signal: AbortSignal): Promise<string | null> =>
    overlay().networkFor(workload, signal),
  beforeStart: (signal: AbortSignal): Promise<void> => policies().settled(signal),
  confirmUsual: (workload: Workload): void => overlay().confirmUsual(workload),
  resolverFor: (spec: WorkloadSpec, isInOverlay: boolean) => naming.resolverFor(spec, isInOverlay),
})

/** What work keeps, and copies of that. */
function keptOf(
  ground: Ground,
  plane: ControlPlane,
  needed: Omit<Parameters<typeof volumesOf>[2], 'objects' | 'working'>,
) {
  const objects = objectCopiesOf(ground, plane, needed.engine)
  const working = workingCopiesOf(ground, plane, needed.engine)
  const volumes = volumesOf(ground, plane, { ...needed, objects, working })
  const { clock, log } = ground
  const abandoned = needed.engine === null ? null : abandonedCopies(needed.engine, { clock, log: log.child('volumes') })
  return { abandoned, objects, volumes, backups: backupsOf(ground, plane, volumes) }
}

interface Watching {
  readonly members: MembershipService
  readonly measure: Measure
}

const gatewayOf = ({ identity, clock, metrics, random, log }: Ground, plane: ControlPlane, watching: Watching) =>
  new GatewayService({
    ...{ self: identity.id, clock, metrics, random, control: plane.control, consensus: plane.consensus },
    ...{ membership: watching.members, measure: watching.measure, schedules: cronerSchedules },
    vault: { service: plane.vault, keys: vaultKeys },
    log: log.child('gateway'),
    sealMeshKey: async (node, off) => {
      await sealMeshKey(plane, node, off)
      await lendVault(plane, node, off)
    },
  })

const boundsOf = ({ attemptMib, totalMib }: Config['logs']): LogBounds => ({
  ...logBounds,
  attemptBytes: attemptMib * 1_048_576,
  totalBytes: totalMib * 1_048_576,
})

/** Commits the mesh's key, sealed to a node that shall be able to lead. Throws NODE_NOT_FOUND for one that is no member. */
async function sealMeshKey({ control, meshKey, host }: ControlPlane, node: NodeId, signal: AbortSignal): Promise<void> {
  if (control.state.sealedKeys.has(node)) return
  const sealedKey = meshKey.sealFor(node)
  if (sealedKey === null) throw new ClawError('NODE_NOT_FOUND', { node })
  const id = `seal:${node}:${control.state.epoch}`
  await control.execute({ type: 'seal-mesh-key', node, sealedKey }, { id, by: host.peers.self, signal })
}

/** The same of the key of the vault, if there is one: a leader that cannot open it could start nothing that has secrets. */
async function lendVault({ control, vault, host }: ControlPlane, node: NodeId, signal: AbortSignal): Promise<void> {
  const { vault: present } = control.state
  const ring = vault.holder.ring()
  if (present === null || ring === null || present.holders.has(node)) return
  const { epoch, publicKey } = present
  const sealed = vault.holder.sealRing(ring, epoch, node)
  if (sealed === null) return
  const id = `lend-vault:${node}:${control.state.epoch}:${epoch}`
  const command = { type: 'set-vault', epoch, publicKey, holders: [{ node, sealed }] } as const
  await control.execute(command, { id, by: host.peers.self, signal })
}
