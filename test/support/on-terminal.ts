/** A program in Python for tests that need a terminal: it runs the command in a terminal of 31 by 97, passes bytes on both ways, and exits as it does. */
export const onTerminal = `
import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 31, 97, 0, 0))
while True:
    ready, _, _ = select.select([fd, 0], [], [])
    try:
        if fd in ready:
            data = os.read(fd, 65536)
            if not data: break
            os.write(1, data)
    except OSError:
        break
    if 0 in ready:
        data = os.read(0, 65536)
        if data: os.write(fd, data)
        else: break
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`
