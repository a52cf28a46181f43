/**
 * Certified payments a second with four witnesses, of whom one may lie: real keys, messages and codecs, and the witnesses on a real disk with
 * its flushes; all in one process and so on one core, without a network in between. The books of those who pay are in memory: in a network
 * each has a disk of its own. Held against what the signatures alone would allow one core.
 *
 *     node scripts/bench/run.mjs molt-payments [seconds] [payers]
 *
 * TMPDIR says which disk is measured.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { openDisk } from '../../src/adapters/disk/disk.ts'
import { newIdentity } from '../../src/adapters/keys/identity.ts'
import { createVerifier } from '../../src/adapters/keys/signatures.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { systemRandom } from '../../src/adapters/system/random.ts'
import { networkOf } from '../../src/core/molt/network.ts'
import { leastPayment } from '../../src/core/molt/spend.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { ClawError } from '../../src/model/failure.ts'
import { silent } from '../../src/ports/log.ts'
import type { Handler, Protocol, Rpc } from '../../src/ports/rpc.ts'
import { Bank } from '../../src/services/molt/bank.ts'
import { usualWitness, Witness } from '../../src/services/molt/witness.ts'
import { SimDisk } from '../../src/simulation/disk.ts'
import { bareFsyncs } from './bare-fsync.ts'
import { figure, round, spread } from './figures.ts'

const spanMs = Number(process.argv[2] ?? 10) * 1_000
const payers = Number(process.argv[3] ?? 64)
const metrics = { count() {}, gauge() {}, observe() {} }
const never = new AbortController().signal
const verifier = createVerifier()

/** All nodes in this process: what is asked goes through the codecs, and nothing else. */
class Nodes {
  readonly #served = new Map<string, (bytes: Uint8Array, from: NodeId) => Promise<Uint8Array>>()

  of(self: NodeId): Pick<Rpc, 'call' | 'serve'> {
    return {
      call: async <Request, Response>(to: NodeId, protocol: Protocol<Request, Response>, request: Request) => {
        const answer = this.#served.get(`${to} ${protocol.id}`)
        if (answer === undefined) throw new ClawError('NODE_UNREACHABLE', { node: to, detail: 'it is not here' })
        return protocol.response.decode(await answer(protocol.request.encode(request), self))
      },
      serve: <Request, Response>(protocol: Protocol<Request, Response>, handle: Handler<Request, Response>) => {
        this.#served.set(`${self} ${protocol.id}`, async (bytes, from) =>
          protocol.response.encode(await handle(protocol.request.decode(bytes), from, never)),
        )
        return () => {}
      },
    }
  }
}

/** Time of processors, not of the clock: what else the machine does must not change the ratio. */
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** What the signatures of one payment take on one core, in seconds. */
function signatureSeconds(quorum: number, witnesses: number) {
  const { signer } = newIdentity()
  const bytes = Buffer.alloc(300, 'x')
  const each = (work: () => unknown): number => {
    const [start, begun] = [performance.now(), cpuSeconds()]
    let count = 0
    for (; performance.now() - start < 1_000; count += 1) work()
    return (cpuSeconds() - begun) / count
  }
  const signature = signer.sign('tag', 'scope', bytes)
  const [sign, verify] = [
    each(() => signer.sign('tag', 'scope', bytes)),
    each(() => verifier.verify(signer.id, 'tag', 'scope', bytes, signature)),
  ]
  // The owner signs, and each witness that votes; each witness checks the owner, and a quorum's votes when it settles; and so does the owner.
  const payment = (1 + witnesses) * sign + (witnesses + witnesses * quorum + quorum) * verify
  return { sign, verify, payment }
}

const folder = mkdtempSync(join(tmpdir(), 'claw-bench-molt-'))
try {
  const nodes = new Nodes()
  const witnesses = Array.from({ length: 4 }, newIdentity)
  const accounts = Array.from({ length: payers }, newIdentity)
  const mint = newIdentity()
  const network = networkOf({
    ...{ name: 'bench', witnesses: witnesses.map(({ id }) => id), faulty: 1, feeBps: 0, feeTo: null },
    ...{ issuers: [{ account: mint.id, limit: 10n ** 15n }], claimTime: 3_600_000, createdAt: 0 },
  })
  const common = { network, verifier, clock: systemClock, random: systemRandom, log: silent }
  const limits = {
    ...usualWitness.limits,
    perCaller: { perSecond: 1e6, burst: 1e6 },
    openings: { perSecond: 1e6, burst: 1e6 },
  }
  const running: { stop(): Promise<void> }[] = []
  for (const [number, { id, signer }] of witnesses.entries()) {
    const disk = await openDisk(join(folder, `witness-${number}`))
    const witness = new Witness({ ...common, metrics, signer, disk, rpc: nodes.of(id) }, { ...usualWitness, limits })
    running.push(witness)
    await witness.start()
  }
  const bankOf = async ({ id, signer }: typeof mint): Promise<Bank> => {
    const bank = new Bank({ ...common, signer, disk: new SimDisk({ random: systemRandom }), rpc: nodes.of(id) })
    await bank.start()
    running.push(bank)
    return bank
  }
  // A witness votes only once it has heard from the others that there is nothing yet.
  await new Promise((resolve) => setTimeout(resolve, 7_000))
  const issuer = await bankOf(mint)
  for (let at = 0; at < accounts.length; at += 16) {
    const outputs = accounts.slice(at, at + 16).map(({ id }) => ({ to: id, amount: 1_000_000_000n }))
    await issuer.pay({ outputs, purpose: `credit ${at}` }, never)
  }
  const banks = await Promise.all(accounts.map(bankOf))
  await Promise.all(banks.map((bank) => bank.receive(never)))

  const raw = signatureSeconds(network.quorum, witnesses.length)
  figure('ed25519', 'ops/s', { signs: round(1 / raw.sign), verifies: round(1 / raw.verify) })
  figure('bare_fsync', 'fsyncs/s', { perSecond: round(bareFsyncs(folder)) })
  const latencies: number[] = []
  const start = performance.now()
  const begun = cpuSeconds()
  await Promise.all(
    banks.map(async (bank, number) => {
      const to = accounts[(number + 1) % accounts.length]?.id ?? mint.id
      for (let count = 0; performance.now() - start < spanMs; count += 1) {
        const asked = performance.now()
        await bank.pay({ outputs: [{ to, amount: leastPayment }], purpose: `payment ${count}` }, never)
        latencies.push(performance.now() - asked)
      }
    }),
  )
  const seconds = (performance.now() - start) / 1_000
  const used = cpuSeconds() - begun
  const signaturesAlone = 1 / raw.payment
  const perCore = latencies.length / used
  const rate = { perSecond: round(latencies.length / seconds), cores: round(used / seconds), perCore: round(perCore) }
  figure('certified_payments', 'payments/s', { witnesses: 4, faulty: 1, payers, ...rate })
  figure('certified_payment_latency', 'ms', spread(latencies))
  figure('certified_payments_to_ed25519', 'ratio', {
    ...{ signaturesAlonePerCore: round(signaturesAlone), ratio: round(perCore / signaturesAlone) },
  })
  await Promise.all(running.map((service) => service.stop()))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
