/** A place in a store of objects that speaks as S3 does. */
import { z } from 'zod'
import { secretName } from './secret.ts'

/**
 * The one way to write where a store is: its host in lower case and without a dot at the end, and a port only where it is not the usual one.
 * What is no address stays as it is.
 */
export function plainEndpoint(endpoint: string): string {
  if (!URL.canParse(endpoint)) return endpoint
  const { protocol, hostname, port } = new URL(endpoint)
  const host = hostname.replace(/\.+$/, '')
  return host === '' ? endpoint : `${protocol}//${host}${port === '' ? '' : `:${port}`}`
}

export const bucketPlace = {
  endpoint: z
    .string()
    .max(512)
    .regex(/^https?:\/\/[A-Za-z0-9.:[\]_-]+$/, 'must be http(s)://host[:port]')
    .overwrite(plainEndpoint),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
  /** How the names of its objects begin. */
  prefix: z
    .string()
    .regex(/^([A-Za-z0-9._-]+\/)*$/, 'must be empty, or end with /')
    .refine((prefix) => !prefix.split('/').some((part) => part === '.' || part === '..'), 'must not go up, or stay')
    .max(256),
  region: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a region'),
  /** Of the secret that holds the keys of the account. */
  secret: secretName,
}

export type BucketPlace = z.infer<z.ZodObject<typeof bucketPlace>>

/** Whatever is longer goes to a store in parts of this size, all but the last to the byte: some stores want that. */
export const partBytes = 16 * 1_048_576

/** `https://s3.example.com/bucket/prefix/`: for people, and for policies. */
export const bucketText = ({ endpoint, bucket, prefix }: Pick<BucketPlace, 'endpoint' | 'bucket' | 'prefix'>): string =>
  `${endpoint}/${bucket}/${prefix}`
