import { expect, test } from 'vitest'
import { backupCreate } from '../../../src/operations/backup/backup.ts'
import { neededFor } from '../../../src/operations/backup/backup-fields.ts'
import { backupScheduleCreate } from '../../../src/operations/backup/backup-schedule.ts'

test('a backup to a store that somebody names needs the right to see the secret that goes there, one to a directory that to paths of the host', () => {
  const { s3 } = backupCreate.input.parse({
    s3: { endpoint: 'https://s3.example.com', bucket: 'backups', secret: 'store' },
  })
  expect(neededFor({ directory: undefined, s3 })).toEqual([{ verb: 'reveal', resource: 'secret' }])
  expect(neededFor({ directory: '/srv/backups', s3: undefined })).toEqual([{ verb: 'use', resource: 'host-mount' }])
})

test('the same is needed by hand and by the clock', () => {
  expect([backupCreate.needs, backupScheduleCreate.needs]).toEqual([neededFor, neededFor])
})
