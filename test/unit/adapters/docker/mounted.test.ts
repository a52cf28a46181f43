import { expect, test } from 'vitest'
import { mountTable, placeIn } from '../../../../src/adapters/docker/mounted.ts'

const table = mountTable(
  [
    '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
    '30 22 8:2 / /data rw,relatime shared:2 - ext4 /dev/sdb1 rw',
    '31 30 8:1 /var/lib/kept /data/with\\040space rw - ext4 /dev/sda1 rw',
    '32 30 8:3 / /data rw - ext4 /dev/sdc1 rw',
    '',
  ].join('\n'),
)

test.each([
  ['/', '8:1', '/'],
  ['/etc/passwd', '8:1', '/etc/passwd'],
  ['/database', '8:1', '/database'],
  // What was mounted last is on top.
  ['/data', '8:3', '/'],
  ['/data/x', '8:3', '/x'],
  ['/data/with space/y', '8:1', '/var/lib/kept/y'],
])('%s is on %s, where it is %s', (path, device, within) => {
  expect(placeIn(table, path)).toEqual({ device, path: within })
})

test('where the kernel does not say, nothing is known', () => {
  expect(placeIn(mountTable('no table at all'), '/data')).toBeNull()
})
