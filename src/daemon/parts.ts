/** The parts list of a daemon, in start order: what answers first, then the network, then what asks, the doors last. */
import type { Service } from '../ports/service.ts'
import { BuyingDoor } from '../services/molt/buying/buying-door.ts'
import { GuestData } from '../services/molt/lending/guest-data.ts'
import { GuestSweep } from '../services/molt/lending/guest-sweep.ts'
import { LendingDoor } from '../services/molt/lending/lending-door.ts'
import { WalletDoor } from '../services/molt/wallet-door.ts'
import type { StoredMembership } from '../services/admission/membership-file.ts'
import { connectThrough } from './connect-to.ts'
import { controlPlane } from './control-plane.ts'
import { doorsOf } from './doors.ts'
import { EventLoopService } from './event-loop.ts'
import { type Ground, socketOf } from './ground.ts'
import { lendingHomeOf } from './lending.ts'
import { moltOf } from './molt.ts'
import { auditOf, headReporter } from './record.ts'
import { type WorkPlane, workPlane } from './work-plane.ts'

export interface Parts {
  readonly services: readonly Service[]
  /** What a person wants to know once it runs. */
  describe(): readonly string[]
}

/** Makes all parts and starts none. */
export async function assemble(ground: Ground, membership: StoredMembership, signal: AbortSignal): Promise<Parts> {
  const audit = auditOf(ground)
  const plane = await controlPlane(ground, membership, audit)
  // Its services ask other nodes by the operations, which look at the services.
  const connect = connectThrough({ converse: (name, input, asker) => doors.operations.converse(name, input, asker) })
  const work = await workPlane(ground, plane, connect, signal)
  const lending = new LendingDoor(ground.disk)
  const buying = new BuyingDoor(ground.disk)
  const wallet = new WalletDoor()
  const home = lendingHomeOf(ground, plane, work)
  const molt = moltOf(ground, plane, { home, door: lending, buying, wallet })
  const doors = await doorsOf(ground, plane, { ...work, audit, molt, lending, buying, wallet })
  const { host, consensus, control, admission, links, spool, vault } = plane
  const { inventory, members, logs, agent, proxy, ingress, gateway, images, abandoned, objects, backups } = work
  const { overlay, naming, care, networkPolicies, certificates } = work
  return {
    services: [
      new EventLoopService(ground),
      audit,
      consensus,
      control,
      admission,
      vault,
      doors.operations,
      executorsOf(work),
      ...(images === null ? [] : [images]),
      inventory,
      care,
      ground.tailnet,
      host.service,
      members,
      logs,
      agent,
      ...(abandoned === null ? [] : [abandoned]),
      ...(objects === null ? [] : [objects]),
      backups,
      new GuestSweep({ ...home, data: new GuestData(home) }),
      gateway,
      links,
      molt,
      overlay,
      naming,
      networkPolicies,
      headReporter(ground, plane, audit),
      spool,
      doors.api,
      // After the API: a deployment may name its port, and must not keep a daemon from coming back.
      proxy,
      certificates,
      ingress,
    ],
    describe: () => [
      `node ${ground.name} (${ground.identity.id}) of mesh ${membership.genesis.name}`,
      ...host.peers.addresses().map((address) => `peers reach it at ${address}`),
      `API at ${doors.api.address ?? 'its Unix socket only'}, socket ${socketOf(ground)}`,
      ...(doors.fingerprint === null ? [] : [`certificate of the API: ${doors.fingerprint}`]),
    ],
  }
}

/** Executors hold connections of their own; work goes on without them. */
const executorsOf = ({ executors }: WorkPlane): Service => ({
  name: 'executors',
  start: () => Promise.resolve(),
  async stop() {
    await Promise.all(Array.from(executors.values(), (executor) => executor.close()))
  },
})
