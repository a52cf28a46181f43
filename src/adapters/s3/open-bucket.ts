/** A bucket of a store of objects, as far as this host may speak to it, with the keys of its account. */
import { S3mini } from 's3mini'
import type { BucketPlace } from '../../model/bucket.ts'
import { ClawError } from '../../model/failure.ts'
import type { Limits } from './guarded-fetch.ts'
import { guardedFetch, inTime, isFine, plainly } from './guarded-fetch.ts'
import type { Page } from './listing.ts'
import { pageOf } from './listing.ts'
import { reachFor, Unreachable } from './reach.ts'

/** Of no other secret is anything sent anywhere. The id may be of two parts, as accounts of Swift are. */
const validKeys = /^([\w.-]{1,128}(?::[\w.-]{1,128})?):([^\s:]+)$/

export interface BucketRules {
  /** Which stores this host speaks to: setting `stores.hosts`. */
  readonly hosts: readonly string[]
  readonly limits: Limits
  /** What anything that goes wrong there is. */
  readonly failed: (detail: string, cause?: unknown) => ClawError
}

export interface Bucket {
  /** Whoever calls off calls off the request as well. */
  clientFor(signal: AbortSignal): S3mini
  asked<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>
  /** What begins with the prefix, at most so many at once, from where the last page said on; null where there is no bucket. */
  page(prefix: string, most: number, from: string | null, signal: AbortSignal): Promise<Page | null>
  /** What an object holds. Throws what `check` does, which is given the answer, or null where there is no such object. */
  read(key: string, check: (answer: Response | null) => void, signal: AbortSignal): AsyncGenerator<Uint8Array>
}

/** `keys` is `ID:KEY`, as text. Throws what `failed` makes where it is not. */
export function openBucket(place: BucketPlace, keys: Uint8Array, { hosts, limits, failed }: BucketRules): Bucket {
  const text = new TextDecoder().decode(keys).trim()
  const [, accessKeyId, secretAccessKey] = validKeys.exec(text) ?? []
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw failed(`the secret ${place.secret} is not of the form ID:KEY`)
  const account = { accessKeyId, secretAccessKey }
  const reach = reachFor(hosts)
  const client = (signal: AbortSignal, wants: Parameters<typeof guardedFetch>[1]): S3mini =>
    new S3mini({
      ...{ ...account, region: place.region, endpoint: `${place.endpoint}/${place.bucket}` },
      fetch: guardedFetch({ signal, limits, failed, reach }, wants),
    })
  const asked: Bucket['asked'] = async (signal, work) => {
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      // Also what a request was called off with.
      for (const one of [error, causeOf(error)]) if (one instanceof ClawError) throw one
      throw failed(reasonOf(error), error)
    }
  }
  return {
    clientFor: (signal) => client(signal, plainly),
    asked,
    async page(prefix, most, from, signal) {
      let page: Page | null = null
      const reads = (text: string, status: number): string => {
        if (!isFine(status)) return plainly(text, status)
        page = pageOf(text)
        // The client has no part in it: it takes blanks off names, and leaves others in as they were written.
        return '<ListBucketResult></ListBucketResult>'
      }
      await asked(signal, () => client(signal, reads).listObjectsPaged('/', prefix, most, from ?? undefined))
      return page
    },
    async *read(key, check, signal) {
      const off = new AbortController()
      const from = client(AbortSignal.any([signal, off.signal]), 'object')
      try {
        const answer = await asked(signal, () => from.getObjectResponse(key))
        check(answer)
        const parts = ((answer?.body ?? []) as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
        for (;;) {
          const next = await asked(signal, () => inTime(limits.answer, { off, failed }, () => parts.next()))
          if (next.done === true) return
          yield next.value
        }
      } finally {
        // Whoever needs no more of it keeps no connection.
        off.abort()
      }
    },
  }
}

const causeOf = (error: unknown): unknown => (error as { readonly cause?: unknown }).cause

/** Only what the store calls it: what it answers may hold what nobody else is to read. */
function reasonOf(error: unknown): string {
  const { code, status, name } = error as { code?: unknown; status?: unknown; name?: unknown }
  const cause = causeOf(error)
  for (const one of [error, cause]) {
    if (one instanceof Unreachable) return one.message
    // Of what it answers, only what of it cannot be read.
    if (one instanceof SyntaxError) return one.message
  }
  const inner = (cause as { code?: unknown } | undefined)?.code
  const words = [code, status, inner].filter((word) => typeof word === 'number' || isWord(word))
  return `the store says ${words.length > 0 ? words.join(' ') : String(name)}`
}

const isWord = (word: unknown): word is string => typeof word === 'string' && /^[\w.-]{1,64}$/.test(word)
