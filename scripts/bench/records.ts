/**
 * What the table of records costs: putting one until three peers keep it and until all do, reading one from three peers, and finding offers. Real hosts with
 * kad-dht, all in this process, over TCP on loopback.
 *
 *     node scripts/bench/run.mjs records [rounds] [peers, such as 10,30]
 */
import { newIdentity } from '../../src/adapters/keys/identity.ts'
import { offerId } from '../../src/core/records/rules/offer.ts'
import { hour } from '../../src/model/time.ts'
import { type RecordHost, RecordHosts } from '../../test/support/molt/record-hosts.ts'
import { type MadeRecord, offerValue } from '../../test/support/molt/records.ts'
import { figure, round, spread } from './figures.ts'

const rounds = Number(process.argv[2] ?? 200)
const sizes = (process.argv[3] ?? '10,30').split(',').map(Number)
const index = { family: 'h100', memoryGib: 80, region: 'any' }
const { signal } = new AbortController()

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Each by an issuer of its own: one issuer may say one a second. */
const strangers = (hosts: RecordHosts): MadeRecord[] => Array.from({ length: rounds }, () => hosts.made(newIdentity()))

async function puts(all: readonly RecordHost[], records: readonly MadeRecord[], enough: number): Promise<void> {
  const samples: number[] = []
  let stored = 0
  for (const [i, { key, bytes }] of records.entries()) {
    const host = the(all, i)
    // What is left of the one before is not to be measured with this one.
    if (enough === 3) await new Promise((resolve) => setTimeout(resolve, 200))
    samples.push(
      await timed(async () => {
        await host.keeper.take(key, bytes, { isOwn: true })
        stored += (await host.net.put(key, bytes, { enough, signal })).stored.length
      }),
    )
  }
  const peers = round(stored / records.length)
  figure('record put', 'ms', { peers: all.length, until: enough > 3 ? 'all' : 3, storedAt: peers, ...spread(samples) })
}

async function gets(all: readonly RecordHost[], records: readonly MadeRecord[]): Promise<void> {
  const samples: number[] = []
  let found = 0
  for (const [i, { record }] of records.entries()) {
    const host = the(all, i + 7)
    const name = { namespace: 'claw-node', id: record.id } as const
    samples.push(
      await timed(async () => {
        const read = await host.store.read(name, { signal, isThorough: true, confirm: false })
        found += read.found === null ? 0 : 1
      }),
    )
  }
  figure('record get', 'ms', { peers: all.length, found: `${found}/${records.length}`, ...spread(samples) })
}

/** Every third host lends, and some of the others look. */
async function offers(hosts: RecordHosts): Promise<void> {
  const { all, network } = hosts
  const lenders = all.filter((_, i) => i % 3 === 0)
  for (const { id, store } of lenders) {
    const now = Date.now()
    const value = offerValue(id, 1, { network: network.id, issuedAt: now, endOfLife: now + hour / 2 })
    await store.publish(
      { namespace: 'claw-offer', id: offerId(id, 1), value, life: hour, until: now + hour / 2 },
      signal,
    )
    store.advertise([index])
  }
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const [samples, firsts, counts]: number[][] = [[], [], []]
  for (const looking of all.filter((_, i) => i % 3 === 1)) {
    const start = performance.now()
    let count = 0
    for await (const { record } of looking.store.find(index, 'claw-offer', signal)) {
      count += record.kind === 'put' ? 1 : 0
      if (count === 1) firsts?.push(performance.now() - start)
    }
    samples?.push(performance.now() - start)
    counts?.push(count)
  }
  const found = { least: Math.min(...(counts ?? [])), most: Math.max(...(counts ?? [])) }
  figure('offers found per lookup', 'offers', { peers: all.length, offered: lenders.length, ...found })
  figure('offer lookup, first', 'ms', { peers: all.length, ...spread(firsts ?? []) })
  figure('offer lookup, all', 'ms', { peers: all.length, ...spread(samples ?? []) })
}

function the(all: readonly RecordHost[], i: number): RecordHost {
  const host = all[i % all.length]
  if (host === undefined) throw new Error('there are no hosts')
  return host
}

for (const size of sizes) {
  const hosts = new RecordHosts()
  await hosts.addMany(size)
  await hosts.settled(Math.min(15, size - 1), 180_000)
  const records = strangers(hosts)
  await puts(hosts.all, records, 3)
  await puts(hosts.all, strangers(hosts), Infinity)
  await gets(hosts.all, records)
  await offers(hosts)
  figure('record hosts', 'MiB', { peers: size, rss: Math.round(process.memoryUsage().rss / 1_048_576) })
  await hosts.stop()
}
