import { describe, expect, test } from 'vitest'
import { touches } from '../../../../src/core/policy/mounted-places.ts'

describe('given a rule about a store of objects', () => {
  const secret = 'https://s3.example.com/b/models/secret/*'
  test.each([
    [secret, 'https://s3.example.com/b/models/secret/'],
    [secret, 'https://s3.example.com/b/models/secret/llama/'],
    // What holds it, down to the whole bucket.
    [secret, 'https://s3.example.com/b/models/'],
    [secret, 'https://s3.example.com/b/'],
    ['https://s3.example.com/b/*/keys', 'https://s3.example.com/b/any/'],
    ['https://s3.example.com/b/models/secret', 'https://s3.example.com/b/models/secret/x/'],
    ['https://s3.example.com/b/models/secret/key.bin', 'https://s3.example.com/b/models/secret/'],
    // However either is spelled.
    [secret, 'https://S3.Example.COM/b/models/secret/'],
    [secret, 'https://s3.example.com:443/b/models/secret/'],
    [secret, 'https://s3.example.com./b/models/secret/'],
    [secret, 'http://s3.example.com/b/models/secret/'],
    [secret, 'http://s3.example.com:80/b/models/secret/'],
    ['http://S3.example.com.:443/b/*', 'https://s3.example.com/b/'],
    ['https://*.Example.com/b/*', 'https://s3.example.com/b/'],
    ['s3.example.com/b/*', 'https://s3.example.com/b/'],
    ['https://127.0.0.1/b/*', 'https://0x7f.1/b/'],
    // All of a store, and all stores.
    ['https://s3.example.com', 'https://s3.example.com/b/x/'],
    ['*S3.example.com*', 'https://s3.example.com/b/'],
    ['*/secret/*', 'https://s3.example.com/b/secret/'],
    ['https://*', 'http://minio:9000/b/'],
    ['*', 'http://minio:9000/b/'],
  ])('%s is of %s', (pattern, source) => {
    expect(touches(pattern, source)).toBe(true)
  })

  test.each([
    [secret, 'https://s3.example.com/b/models/open/'],
    [secret, 'https://s3.example.com/b/models/secrets/'],
    [secret, 'https://s3.example.com/c/'],
    [secret, 'https://s3.example.com:9000/b/models/secret/'],
    [secret, 'https://s3.example.org/b/models/secret/'],
    ['https://s3.example.com/b/Secret/*', 'https://s3.example.com/b/secret/'],
    ['/b/*', 'https://s3.example.com/b/'],
    ['cache', 'https://s3.example.com/b/'],
  ])('%s is not of %s', (pattern, source) => {
    expect(touches(pattern, source)).toBe(false)
  })
})

describe('given a rule about paths of hosts', () => {
  test.each([
    ['/data/*/key', '/data/a'],
    ['/data/*/key', '/'],
    ['/', '/data'],
    ['/data/secret/', '/data/secret/x'],
  ])('%s is of %s', (pattern, source) => {
    expect(touches(pattern, source)).toBe(true)
  })

  test.each([
    ['/home/*/.ssh', '/home/ada/data'],
    ['https://s3.example.com/data/*', '/data'],
    ['/data', 'data'],
  ])('%s is not of %s', (pattern, source) => {
    expect(touches(pattern, source)).toBe(false)
  })
})
