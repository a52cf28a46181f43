import { expect, test } from 'vitest'
import { canonicalReference, digestFor, parseReference, repositoryOf } from '../../../src/model/image.ts'

const digest = `sha256:${'a'.repeat(64)}`

test.each([
  ['nginx', 'docker.io/library/nginx:latest'],
  ['library/nginx', 'docker.io/library/nginx:latest'],
  ['docker.io/nginx:1', 'docker.io/library/nginx:1'],
  ['index.docker.io/a/b', 'docker.io/a/b:latest'],
  ['a/b:2', 'docker.io/a/b:2'],
  ['localhost/a', 'localhost/a:latest'],
  ['host:5000/a/b', 'host:5000/a/b:latest'],
  ['ghcr.io/a/b/c:x', 'ghcr.io/a/b/c:x'],
  [`nginx:1@${digest}`, `docker.io/library/nginx@${digest}`],
])('%s is %s', (given, canonical) => {
  expect(canonicalReference(given)).toBe(canonical)
})

test('a reference comes apart as Docker takes it apart', () => {
  expect(parseReference(`host:5000/a/b:x@${digest}`)).toEqual({
    registry: 'host:5000',
    repository: 'a/b',
    tag: 'x',
    digest,
  })
  expect(parseReference(`a@${digest}`)).toMatchObject({ tag: null, digest })
  expect(repositoryOf('host:5000/a/b:x')).toBe('host:5000/a/b')
})

test('of several digests the one of the same repository counts, else the first', () => {
  const digests = [`other@sha256:1`, 'nginx@sha256:2']
  expect(digestFor(digests, 'docker.io/library/nginx:1')).toBe('sha256:2')
  expect(digestFor(digests, 'redis')).toBe('sha256:1')
  expect(digestFor([], 'redis')).toBeNull()
})
