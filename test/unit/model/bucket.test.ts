import { expect, test } from 'vitest'
import { bucketPlace } from '../../../src/model/bucket.ts'

test.each([
  ['https://S3.Example.com', 'https://s3.example.com'],
  ['https://s3.example.com:443', 'https://s3.example.com'],
  ['http://s3.example.com.:80', 'http://s3.example.com'],
  ['http://s3.example.com:443', 'http://s3.example.com:443'],
  ['http://MinIO:9000', 'http://minio:9000'],
  ['http://[0:0::1]:9000', 'http://[::1]:9000'],
  ['https://1.2.3.4.5:99999', 'https://1.2.3.4.5:99999'],
])('a store at %s is one at %s', (endpoint, known) => {
  expect(bucketPlace.endpoint.parse(endpoint)).toBe(known)
  expect(bucketPlace.endpoint.parse(known)).toBe(known)
})
