/** How commands name a place in a store of objects. */
import { ClawError } from '../../../model/failure.ts'
import type { OptionSpec } from '../line/command.ts'

export const storeOptions = {
  s3: { kind: 'text', value: 'URL', about: 'Or a store of objects: https://HOST/BUCKET[/PREFIX]' },
  's3-secret': { kind: 'text', value: 'NAME', about: 'Secret with the keys of its account, as ID:KEY' },
  's3-region': { kind: 'text', value: 'NAME', about: 'us-east-1 if left out' },
} as const satisfies Readonly<Record<string, OptionSpec>>

interface Where {
  readonly 's3-secret': string | undefined
  readonly 's3-region': string | undefined
}

/** Throws INVALID_REQUEST. */
export function storeAt(url: string, { 's3-secret': secret, 's3-region': region }: Where) {
  const [, endpoint = '', bucket = '', prefix = ''] = /^(https?:\/\/[^/]+)\/([^/]+)\/?(.*)$/.exec(url) ?? []
  if (bucket === '' || secret === undefined)
    throw new ClawError('INVALID_REQUEST', { problem: 'a store is --s3 https://HOST/BUCKET[/PREFIX] with --s3-secret' })
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
  return { endpoint, bucket, prefix: folder, secret, ...(region !== undefined && { region }) }
}
