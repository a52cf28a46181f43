/** The parts that know who belongs to the mesh and what it has decided. */
import { meshKeys } from '../adapters/keys/mesh-keys.ts'
import { vaultKeys } from '../adapters/keys/vault-keys.ts'
import { createHost, type Host } from '../adapters/libp2p/host.ts'
import { defaultHostSettings, type HostSettings } from '../adapters/libp2p/settings.ts'
import type { Config } from '../config/schema.ts'
import { lan, wan } from '../core/consensus/settings.ts'
import { restoreSlices } from '../core/state/restore.ts'
import { supported } from '../core/state/versions.ts'
import { inTurns } from '../lib/slices.ts'
import type { AuditTrail, Denial } from '../ports/audit.ts'
import { AdmissionGate } from '../services/admission/gate.ts'
import { type KnownMembers, knownMembers } from '../services/admission/known-members.ts'
import type { StoredMembership } from '../services/admission/membership-file.ts'
import { MeshKeyHolder, publicKeyIn } from '../services/admission/mesh-key.ts'
import { MeshLinksService } from '../services/admission/mesh-links.ts'
import { AdmissionService } from '../services/admission/service.ts'
import { pauseOf } from '../services/consensus/pause.ts'
import { ConsensusService } from '../services/consensus/service.ts'
import { ReplicatedState } from '../services/control/replicated-state.ts'
import { ControlService } from '../services/control/service.ts'
import { takeBackup } from '../services/control/take-backup.ts'
import type { Spooled } from '../core/spool/spool.ts'
import { requireStill } from '../operations/mesh/spool.ts'
import { SpoolService } from '../services/spool/service.ts'
import { VaultService } from '../services/vault/vault-service.ts'
import type { Ground } from './ground.ts'

export type ControlPlane = Awaited<ReturnType<typeof controlPlane>>

/** The state that a new era replaced last, as a backup. */
const replacedFile = 'replaced-state'

/** In slices: nobody has to wait for it. */
async function keepReplaced({ disk, clock, version, log }: Ground, written: Uint8Array): Promise<void> {
  const { signal } = new AbortController()
  const state = await inTurns(restoreSlices(written), pauseOf(clock, signal))
  if (state.mesh === null) return
  const file = await takeBackup(state, { clock, software: version }, signal)
  await disk.writeBlob(replacedFile, file, { secret: true })
  log.warn('another state takes the place of the one that this node had, which is kept', { file: replacedFile })
}

/** Makes them; nothing is started. */
export async function controlPlane(ground: Ground, membership: StoredMembership, audit: AuditTrail) {
  const { identity, clock, random, log, metrics, disk, verifier, config } = ground
  const self = identity.id
  const machine = new ReplicatedState({ log, metrics })
  const state = () => machine.state
  const anchor = { id: membership.mesh, publicKey: publicKeyIn(membership.genesis) }
  const gate = new AdmissionGate({ mesh: anchor, certificate: membership.certificate, verifier, clock, state })
  const known = knownMembers([...membership.addresses, ...config.mesh.peers], state)
  const host = await network(ground, membership, { gate, known })
  const { rpc, peers } = host
  const consensus = new ConsensusService(
    {
      ...{ self, clock, disk, rpc, peers, log: log.child('consensus'), metrics },
      mayLead: (peer) => gate.mayLead(peer),
    },
    {
      machine,
      settings: config.mesh.timing === 'wan' ? wan : lan,
      founders: membership.founding === null ? [] : [self],
      keepReplaced: (state) => keepReplaced(ground, state),
    },
  )
  const onDenial = (denial: Denial): void => audit.denied(denial)
  const control = new ControlService({ self, clock, log: log.child('control'), rpc, consensus, machine, onDenial })
  const meshKey = new MeshKeyHolder({ self, sealer: identity.sealer, keys: meshKeys, state })
  const admission = new AdmissionService({
    ...{ control, rpc, peers, gate, meshKey, membership, disk, clock, onDenial },
    log: log.child('admission'),
  })
  const vault = new VaultService({ self, control, rpc, clock, audit, sealer: identity.sealer, keys: vaultKeys })
  const check = (submission: Spooled): void => requireStill({ control, clock, self }, submission)
  const spool = new SpoolService({ control, check, disk, clock, log: log.child('spool'), metrics })
  const voters = () => consensus.status().voters
  const links = new MeshLinksService({ peers, ...known, voters, clock, random, log: log.child('links') })
  return { membership, host, machine, consensus, control, meshKey, admission, links, spool, vault }
}

async function network(
  ground: Ground,
  membership: StoredMembership,
  { gate, known }: { readonly gate: AdmissionGate; readonly known: KnownMembers },
): Promise<Host> {
  const { identity, version, log, metrics, clock, addressBook, config, tailnet } = ground
  return createHost({
    identity,
    mesh: membership.mesh,
    software: version,
    applies: supported,
    settings: hostSettings(config, membership.networkKey),
    admission: gate,
    addressesOf: known.addressesOf,
    tailnet,
    log,
    metrics,
    clock,
    datastore: addressBook,
  })
}

function hostSettings({ mesh, nat }: Config, networkKey: Uint8Array | null): HostSettings {
  return {
    ...defaultHostSettings,
    listen: [...mesh.listen, ...nat.relays.map((relay) => `${relay}/p2p-circuit`)],
    announce: mesh.announce,
    dialFrom: mesh.dialFrom ?? null,
    mdns: mesh.mdns,
    networkKey,
    relayClient: nat.relays.length > 0,
    relayServer: nat.relayServer,
    autonat: nat.autonat,
    holePunching: nat.holePunching,
  }
}
