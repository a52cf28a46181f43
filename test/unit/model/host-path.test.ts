import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cleanPath, isBelow, pathObstacle, sourceObstacle } from '../../../src/model/host-path.ts'

test.each([
  '/',
  '/proc/1/root',
  '/sys',
  '/dev/sda',
  '/etc',
  '/etc/shadow',
  '/var/run/docker.sock',
  '/data/../etc',
  '/var',
  '/run/x',
  '/a/docker.sock',
  '../up',
  'a/b',
  'vol:/etc',
])('no container gets %s of its host', (source) => expect(sourceObstacle(source)).toEqual(expect.any(String)))

test.each(['/data', '/data/a/../b', '/mnt/x', '/home/ada/data', 'cache', '/etcetera', '/procs'])(
  'a container may get %s',
  (source) => expect(sourceObstacle(source)).toBe(null),
)

test('given a path that is to stay closed, neither it, what is in it, nor what holds it is given away', () => {
  for (const path of ['/srv/claw', '/srv/claw/keys', '/srv']) expect(pathObstacle(path, ['/srv/claw'])).not.toBe(null)
  expect(pathObstacle('/srv/clawed', ['/srv/claw'])).toBe(null)
})

const part = fc.constantFrom('a', 'b', '..', '.', '', 'etc', 'data')

test('a clean path says the same as the path, and has nothing to clean', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const path = cleanPath(`/${parts.join('/')}`) ?? ''
      expect(cleanPath(path)).toBe(path)
      expect(
        new URL(
          `file://${parts.length === 0 ? '/' : `/${parts.filter((one) => one !== '').join('/')}`}`,
        ).pathname.replace(/(?<=.)\/$/, ''),
      ).toBe(path)
      expect(isBelow(path, '/')).toBe(true)
    }),
  )
})
