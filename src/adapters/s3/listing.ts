/** A page of a list of objects, as a store tells it. */
import type { Element } from './xml.ts'
import { parseXml, textOf } from './xml.ts'

export interface Listed {
  /** To the letter, blanks as well. */
  readonly key: string
  /** As it was told; null where it was not. */
  readonly size: string | null
  readonly etag: string | null
  readonly modified: string | null
}

export interface Page {
  readonly objects: readonly Listed[]
  /** By which the next page is asked for; null after the last. */
  readonly next: string | null
}

/** As it is compared: without quotes, and without what says that it is weak. */
export const bareEtag = (etag: string): string => etag.replace(/^W\//, '').replaceAll('"', '')

/** Throws SyntaxError for what is no page of a list, or says that there is more and not how to come by it. */
export function pageOf(text: string): Page {
  const list = parseXml(text)
  if (list.name !== 'ListBucketResult') throw new SyntaxError('this is no list of objects')
  const objects = list.children.filter(({ name }) => name === 'Contents').map(listedIn)
  if (textOf(list, 'IsTruncated')?.trim() !== 'true') return { objects, next: null }
  const next = textOf(list, 'NextContinuationToken')
  if (next === null || next === '') throw new SyntaxError('this list breaks off, and says not where it goes on')
  return { objects, next }
}

function listedIn(element: Element): Listed {
  const key = textOf(element, 'Key')
  if (key === null) throw new SyntaxError('an object of this list has no name')
  return {
    key,
    size: textOf(element, 'Size')?.trim() ?? null,
    etag: textOf(element, 'ETag')?.trim() ?? null,
    modified: textOf(element, 'LastModified')?.trim() ?? null,
  }
}
