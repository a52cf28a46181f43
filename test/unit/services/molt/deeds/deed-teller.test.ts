import { beforeEach, describe, expect, test } from 'vitest'
import { agreementId, holdAccount } from '../../../../../src/core/molt/agreement.ts'
import { type Books, emptyBooks, keyOf } from '../../../../../src/core/molt/books.ts'
import { ClawError } from '../../../../../src/model/failure.ts'
import type { Closing } from '../../../../../src/model/molt-line.ts'
import { hour, minute, second } from '../../../../../src/model/time.ts'
import { type RecordName, recordKey } from '../../../../../src/model/record.ts'
import { silent } from '../../../../../src/ports/log.ts'
import { mostDeeds } from '../../../../../src/core/records/deed.ts'
import { blamesIn } from '../../../../../src/services/molt/deeds/blames.ts'
import { DeedBook } from '../../../../../src/services/molt/deeds/deed-book.ts'
import { DeedTeller } from '../../../../../src/services/molt/deeds/deed-teller.ts'
import type { Publication, RecordRead } from '../../../../../src/services/records/types.ts'
import { SimDisk } from '../../../../../src/simulation/disk.ts'
import { World } from '../../../../../src/simulation/world.ts'
import { agreedFor, partiesSigned } from '../../../../support/molt/deeds.ts'
import { buyer, closings, network, provider, voucherFor } from '../../../../support/molt/samples.ts'

const agreement = agreedFor()
const signed = partiesSigned(agreement)
const id = agreementId(agreement)
const nothing: RecordRead = { found: null, value: null, sources: [], freshness: null, confirmedByIssuer: false }

/** A provider's teller in virtual time, with a disk that outlives it and a table of records that does as it is told. */
class Stage {
  readonly world = new World(1)
  readonly disk = new SimDisk({ random: this.world, clock: this.world, latency: 1 })
  readonly said: Publication[] = []
  /** What the table has, and until when. */
  readonly table = new Map<string, { readonly value: unknown; readonly endOfLife: number }>()
  books: Books = emptyBooks(network.id, provider)
  refusal: ClawError | null = null
  why: string | null = 'completed'
  deeds = new DeedBook({ disk: this.disk, clock: this.world })
  #teller: DeedTeller | null = null

  async start(): Promise<void> {
    this.deeds = new DeedBook({ disk: this.disk, clock: this.world })
    await this.#play(this.deeds.start())
    this.#teller = new DeedTeller({
      ...{ self: provider, deeds: this.deeds, clock: this.world, log: silent, whyOf: () => this.why },
      bank: { books: this.books, onLine: () => () => {}, isUnderWay: () => false },
      records: {
        publish: (publication) => this.#publish(publication),
        read: (name) => Promise.resolve(this.#read(name)),
      },
    })
    await this.#teller.start()
  }

  /** The power goes. */
  async crash(): Promise<void> {
    await this.#play(this.#teller?.stop() ?? Promise.resolve())
    this.disk.crash()
    await this.start()
  }

  async agree(made = agreement): Promise<void> {
    await this.#play(this.deeds.keep(made, partiesSigned(made)))
  }

  /** The witnesses have it closed so, and the books have heard of it. */
  close(closing: Closing, made = agreement): void {
    const spend = { account: holdAccount(made), sequence: 1, previous: '0'.repeat(64), outputs: [] }
    const order = { spend, right: { type: 'closing' as const, agreement: made, closing } }
    const at = this.world.now()
    this.books.byKey.set(keyOf(spend), { line: { order, phase: 'commit', round: 0, votes: [] }, at, purpose: null })
  }

  async #publish(publication: Publication) {
    if (this.refusal !== null) throw this.refusal
    this.said.push(publication)
    const endOfLife = this.world.now() + publication.life
    this.table.set(recordKey(publication), { value: publication.value, endOfLife })
    return { sequence: 1n, stored: [], isEnough: false }
  }

  #read(name: RecordName): RecordRead {
    const kept = this.table.get(recordKey(name))
    if (kept === undefined || kept.endOfLife <= this.world.now()) return nothing
    const record = { endOfLife: kept.endOfLife } as never
    return { ...nothing, found: { record } as never, value: kept.value }
  }

  async #play<T>(work: Promise<T>): Promise<T> {
    let isDone = false
    const done = work.finally(() => (isDone = true))
    await this.world.runUntil(() => isDone, minute)
    return done
  }
}

let stage: Stage
beforeEach(async () => {
  stage = new Stage()
  await stage.start()
  await stage.agree()
})

const namesSaid = (): readonly string[] => stage.said.map(({ namespace, id: name }) => `${namespace} ${name}`)

describe('given an agreement that both have signed', () => {
  test('while it is open, then nothing is told of it', async () => {
    await stage.world.runFor(30 * minute)
    expect(stage.said).toEqual([])
  })

  test('when it is closed, then its closing is told, and that its buyer has paid', async () => {
    const closing = closings.agreed(agreement, 5n)
    stage.close(closing)
    await stage.world.runFor(2 * minute)
    expect(namesSaid()).toEqual([`claw-close ${id}`, `claw-rep ${buyer}:${provider}`])
    expect(stage.said[0]?.value).toEqual({ parties: signed, closing })
    expect(stage.said[1]?.value).toMatchObject({ outcome: 'paid', rating: 5 })
  })

  test('when no witness certifies the node, then it is told as soon as one does, also after a crash, and with what was known at the end', async () => {
    stage.refusal = new ClawError('NO_STANDING', { detail: 'no witness answers' })
    stage.why = 'unvouched'
    stage.close(closings.agreed(agreement, 5n))
    await stage.world.runFor(5 * minute)
    await stage.crash()
    // The lease is forgotten by now.
    stage.why = null
    stage.refusal = null
    await stage.world.runFor(2 * minute)
    expect(namesSaid().toSorted()).toEqual([`claw-close ${id}`, `claw-rep ${buyer}:${provider}`])
    expect(stage.said.find(({ namespace }) => namespace === 'claw-rep')?.value).toMatchObject({ outcome: 'late' })
  })

  test('when the other party has told it, then it is not told again until that is nearly over', async () => {
    const closing = closings.claimed(agreement, voucherFor(agreement, 5n))
    const value = { parties: signed, closing }
    const key = recordKey({ namespace: 'claw-close', id })
    stage.table.set(key, { value, endOfLife: stage.world.now() + 24 * hour })
    stage.close(closing)
    await stage.world.runFor(11 * hour)
    expect(namesSaid()).toEqual([`claw-rep ${buyer}:${provider}`])
    await stage.world.runFor(8 * hour)
    expect(namesSaid()).toContain(`claw-close ${id}`)
  })

  test('when another closing of it counts more with others, then that stands, and the rest is told', async () => {
    stage.refusal = new ClawError('RECORD_REFUSED', { key: 'x', why: 'stale' })
    stage.close(closings.agreed(agreement, 5n))
    await stage.world.runFor(2 * minute)
    stage.refusal = null
    await stage.world.runFor(10 * minute)
    // It is looked again after hours only.
    expect(stage.said).toEqual([])
  })

  test('when its buyer did not pay in time, then that is blamed still, however many have been closed since', async () => {
    stage.why = 'unvouched'
    stage.close(closings.agreed(agreement, 5n))
    await stage.world.runFor(2 * minute)
    stage.why = 'completed'
    for (let i = 1; i <= mostDeeds + 1; i += 1) {
      const later = agreedFor({ nonce: i.toString(16).padStart(32, '0') })
      await stage.agree(later)
      stage.close(closings.agreed(later, 5n), later)
    }
    await stage.world.runFor(2 * minute)
    expect(stage.deeds.all()).toHaveLength(mostDeeds + 1)
    expect(blamesIn(stage.deeds, stage.books, provider, id)).toEqual(['buyer'])
  })

  test('when nothing is ever set aside for it, then it is forgotten', async () => {
    await stage.world.runFor(50 * minute)
    expect(stage.deeds.all()).toHaveLength(1)
    await stage.world.runFor(15 * minute + second)
    expect(stage.deeds.all()).toEqual([])
  })
})
