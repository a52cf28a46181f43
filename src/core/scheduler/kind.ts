/** What workloads that ask for the same have in common: which nodes could run them, what speaks against the others, and who is best. */
import type { NodeId } from '../../model/ids.ts'
import type { NodeInventory } from '../../model/node.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { Build, Builds } from './builds.ts'
import type { Host } from './gang.ts'
import { roomFor } from './gang.ts'
import type { NodeLedger } from './ledger.ts'
import type { Candidate, MayUse } from './ranking.ts'
import { Ranking } from './ranking.ts'
import type { MatchModel, Standing, Suitable } from './standing.ts'
import { standingWith, suitableDevices } from './standing.ts'
import type { NodeSnapshot, Obstacle } from './types.ts'
import type { Wish } from './wishes.ts'

interface Verdict {
  readonly ledger: NodeLedger
  readonly standing: Standing | Obstacle
}

export interface Granted {
  readonly candidate: Candidate | null
  readonly decided: readonly string[]
}

export interface KindDeps {
  readonly builds: Builds
  readonly matches: MatchModel
}

export class Kind {
  readonly spec: WorkloadSpec
  /** How many nodes could run the work if they were empty. */
  able = 0
  readonly #deps: KindDeps
  /** In the order of the nodes, as the next two. */
  readonly #verdicts: Verdict[] = []
  /** Of what is placed one by one. */
  readonly #ranking: Ranking | null
  /** For how many parts of a gang each has room. */
  readonly #rooms: number[] | null
  readonly #suitable = new Map<Build, readonly number[] | Obstacle>()

  constructor(spec: WorkloadSpec, deps: KindDeps) {
    this.spec = spec
    this.#deps = deps
    const isGang = spec.parts?.gang === true
    this.#ranking = isGang ? null : new Ranking(spec)
    this.#rooms = isGang ? [] : null
  }

  get nodes(): number {
    return this.#verdicts.length
  }

  /** Something has changed at the node of that place. */
  look(place: number, ledger: NodeLedger): void {
    const before = this.#verdicts[place]
    const verdict = before?.ledger === ledger ? before : { ledger, standing: this.#standingOf(ledger, before) }
    if (verdict !== before) {
      this.#verdicts[place] = verdict
      this.able += Number(isAble(verdict)) - Number(before !== undefined && isAble(before))
    }
    const candidate = isAble(verdict) ? verdict : null
    this.#ranking?.set(place, candidate)
    if (this.#rooms !== null) this.#rooms[place] = candidate === null ? 0 : roomFor(candidate, this.spec)
  }

  /** The best node for it that may be used; first of all the one that it is to go to, if any. */
  best(mayUse: MayUse, preferred: number | null): Candidate | null {
    const wished = preferred === null ? null : (this.#ranking?.at(preferred) ?? null)
    if (wished !== null && mayUse(wished.ledger.node.id, wished.ledger)) return wished
    return this.#ranking?.best(mayUse) ?? null
  }

  /** Where one of the wishes is granted and it is as well off as at `than`, the best node; and the wishes that made the difference. */
  granting(wishes: readonly Wish[], { than, mayUse }: { readonly than: number; readonly mayUse: MayUse }): Granted {
    let place = than
    let isWithin: (place: number) => boolean = () => true
    const decided: string[] = []
    for (const { tiers, words, isForZone } of wishes) {
      const question = { than: place, isForZone, isWithin, mayUse }
      const granted = firstOf(tiers, (tier) =>
        isWithin(place) && isIn(place, tier) ? place : (this.#ranking?.bestAmong(tier, question) ?? null),
      )
      if (granted === null) continue
      if (granted.place !== place) decided.push(words)
      place = granted.place
      isWithin = (other) => question.isWithin(other) && isIn(other, granted.tier)
    }
    return { candidate: this.#ranking?.at(place) ?? null, decided }
  }

  /** The nodes with room for some of a gang of so many. */
  hosts(count: number, mayUse: (node: NodeId) => boolean): readonly Host[] {
    const hosts: Host[] = []
    for (const [place, room] of this.#rooms?.entries() ?? []) {
      if (room === 0) continue
      const verdict = this.#verdicts[place]
      if (verdict !== undefined && isAble(verdict) && mayUse(verdict.ledger.node.id))
        hosts.push({ candidate: verdict, room: Math.min(count, room) })
    }
    return hosts
  }

  get candidates(): readonly Candidate[] {
    return this.#verdicts.filter(isAble)
  }

  /** What speaks against the nodes that could not run it even if they were empty. */
  get obstacles(): readonly Obstacle[] {
    return this.#verdicts.flatMap(({ standing }) => ('one' in standing ? [standing] : []))
  }

  #standingOf({ node }: NodeLedger, before: Verdict | undefined): Standing | Obstacle {
    if (before !== undefined && isSameGround(before.ledger.node, node)) return before.standing
    return standingWith(node, this.spec, (inventory) => this.#suitableIn(inventory))
  }

  /** Alike on all nodes that are built alike. */
  #suitableIn(inventory: NodeInventory): Suitable {
    const { builds, matches } = this.#deps
    const build = builds.of(inventory)
    const known = this.#suitable.get(build)
    if (known !== undefined) return 'one' in known ? known : { devices: devicesAt(inventory, known) }
    const suitable = suitableDevices(inventory, this.spec, matches)
    const places = 'one' in suitable ? suitable : suitable.devices.map((device) => inventory.gpus.indexOf(device))
    this.#suitable.set(build, places)
    return suitable
  }
}

type Tier = Wish['tiers'][number]

const isIn = (place: number, tier: Tier): boolean => tier.some((places) => places.has(place))

/** The first tier that has a place to offer. */
function firstOf(tiers: readonly Tier[], placeIn: (tier: Tier) => number | null) {
  for (const tier of tiers) {
    const place = placeIn(tier)
    if (place !== null) return { place, tier }
  }
  return null
}

const isAble = (verdict: Verdict): verdict is Candidate => !('one' in verdict.standing)

const devicesAt = ({ gpus }: NodeInventory, places: readonly number[]): Candidate['standing']['suitable'] =>
  places.length === gpus.length ? gpus : places.flatMap((place) => gpus[place] ?? [])

/** Of all that is known of a node: whether a standing depends on it. What is not said here does not compile. */
const grounds: Readonly<Record<keyof NodeSnapshot, boolean>> = {
  ...{ id: true, name: true, labels: true, taints: true, scheduling: true },
  ...{ inventory: true, liveness: true, diskFreeMib: true, isOutdated: true, bound: true },
  ...{ held: false, shared: false, failed: false, hot: false, usage: false, residents: false, groups: false },
}
const groundKeys = (Object.keys(grounds) as (keyof NodeSnapshot)[]).filter((key) => grounds[key])

const isSameGround = (a: NodeSnapshot, b: NodeSnapshot): boolean => groundKeys.every((key) => a[key] === b[key])
