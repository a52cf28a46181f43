/** How much somebody may ask for: so much a second, and as much at once after a pause unless something else is said. */

interface Bucket {
  tokens: number
  filledAt: number
}

/** More than come and go in the time that it takes to forget one. */
const mostKept = 10_000

export class Buckets {
  readonly #perSecond: number
  readonly #most: number
  readonly #burst: number
  readonly #now: () => number
  /** By who it is; whoever asked last is last. */
  readonly #buckets = new Map<string, Bucket>()

  /** `now` tells milliseconds. At least one at once, or nobody could ever ask. */
  constructor(perSecond: number, now: () => number, { most = mostKept, burst = Math.max(1, perSecond) } = {}) {
    this.#perSecond = perSecond
    this.#now = now
    this.#most = most
    this.#burst = burst
  }

  /** Takes so many of theirs, all of them for what costs more. Seconds until there are as many where there are not; 0 where they were taken. */
  take(who: string, cost = 1): number {
    const bucket = this.#filled(who)
    const wait = this.#wait(bucket, cost)
    if (wait === 0) bucket.tokens -= Math.min(cost, this.#burst)
    return wait
  }

  /** Seconds until so many of theirs could be taken; takes none. */
  wait(who: string, cost = 1): number {
    return this.#wait(this.#filled(who), cost)
  }

  /** Takes so many of theirs whether there are as many or not: what is missing they have to wait for, the time of a full bucket at most. */
  owe(who: string, cost: number): void {
    const bucket = this.#filled(who)
    bucket.tokens = Math.max(-this.#burst, bucket.tokens - cost)
  }

  #wait({ tokens }: Bucket, cost: number): number {
    const price = Math.min(cost, this.#burst)
    return tokens < price ? Math.ceil((price - tokens) / this.#perSecond) : 0
  }

  #filled(who: string): Bucket {
    const now = this.#now()
    const bucket = this.#buckets.get(who) ?? { tokens: this.#burst, filledAt: now }
    const grown = (Math.max(0, now - bucket.filledAt) / 1_000) * this.#perSecond
    bucket.tokens = Math.min(this.#burst, bucket.tokens + grown)
    bucket.filledAt = now
    this.#keep(who, bucket)
    return bucket
  }

  /** Of whom nothing was heard for longest is forgotten, which gives them a full bucket: there are many of those, and each is slow. */
  #keep(who: string, bucket: Bucket): void {
    this.#buckets.delete(who)
    this.#buckets.set(who, bucket)
    if (this.#buckets.size <= this.#most) return
    const [oldest] = this.#buckets.keys()
    if (oldest !== undefined) this.#buckets.delete(oldest)
  }
}

/** One household has a whole /64 of IPv6 and may ask from any of it. */
export function addressKey(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.replace(/%.*$/, '').split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`
}
