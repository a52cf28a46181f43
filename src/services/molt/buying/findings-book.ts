/** What this buyer has found out about providers, on disk. */
import type { Finding } from '../../../core/molt/market/findings.ts'
import {
  findingFrom,
  findingText,
  markedDown,
  marksAgainst,
  verificationOf,
} from '../../../core/molt/market/findings.ts'
import type { Known } from '../../../core/molt/market/match.ts'
import type { Standing } from '../../../core/molt/market/reputation.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Verification } from '../../../model/molt-hardware.ts'
import type { Disk } from '../../../ports/journal.ts'
import { KeptRecords } from '../kept-records.ts'

/** Of more the oldest are forgotten. */
const mostFindings = 10_000

interface FindingsDeps {
  readonly disk: Pick<Disk, 'openJournal'>
  readonly clock: { now(): number }
}

export class FindingsBook {
  readonly #clock: FindingsDeps['clock']
  readonly #findings: KeptRecords<Finding>
  /** Each provider's, oldest first: whoever chooses among thousands asks for each of them. */
  #byProvider: ReadonlyMap<NodeId, readonly Finding[]> = new Map()

  constructor({ disk, clock }: FindingsDeps) {
    this.#clock = clock
    this.#findings = new KeptRecords(disk, { file: 'molt-findings', write: findingText, read: findingFrom })
  }

  /** Throws STATE_CORRUPT. */
  async open(): Promise<void> {
    await this.#findings.open()
    this.#group()
  }

  close(): Promise<void> {
    return this.#findings.close()
  }

  /** One of a job and a provider: the same again changes nothing. Throws what the disk throws. */
  async add(finding: Finding): Promise<void> {
    const name = `${finding.provider} ${finding.job}`
    if (this.#findings.get(name) !== null) return
    await this.#findings.put(name, finding)
    const [oldest, ...rest] = this.#findings.all()
    if (oldest !== undefined && rest.length >= mostFindings)
      await this.#findings.remove(`${oldest.provider} ${oldest.job}`)
    this.#group()
  }

  /** Oldest first. */
  all(): readonly Finding[] {
    return this.#findings.all()
  }

  verificationOf(provider: NodeId): Verification {
    return verificationOf(this.#of(provider), this.#clock.now())
  }

  /** What is known of it, with what was found out. */
  known(provider: NodeId, standing: Standing): Known {
    const findings = this.#of(provider)
    const [now, verification] = [this.#clock.now(), this.verificationOf(provider)]
    const against = marksAgainst(findings, now)
    const isSuspect = against > 0n && verification === 'self-reported'
    return { ...markedDown(standing, against), verification, isSuspect }
  }

  #of(provider: NodeId): readonly Finding[] {
    return this.#byProvider.get(provider) ?? []
  }

  #group(): void {
    this.#byProvider = Map.groupBy(this.#findings.all(), ({ provider }) => provider)
  }
}
