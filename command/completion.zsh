#compdef spliceguard
# Completion of spliceguard(8).

local -a commands modes
commands=(
	'status:what is in force, and what the next boot brings'
	'test:prove what is shared and what is not'
	'set:put a mode, trust or a group in force'
	'lock:let nothing be loosened until the next boot'
	'undo:go back to before the last set'
	'top:who uses zero-copy calls now'
	'explain:what degrade would copy of a program, and block refuse'
	'metrics:counters in the text format of Prometheus'
	'bench:what modes cost on this machine'
	'verify:check that what is in force is what is configured'
	'help:the commands, or options and examples of one'
)
modes=(off log degrade block {splice,sendfile,tee,vmsplice,zerocopy}={off,log,degrade,block})

_arguments -C \
	'--root[look below a directory]:directory:_files -/' \
	'(- *)--version[the version of the command]' \
	'(- *)--help[the commands]' \
	'1:command:{_describe command commands}' \
	'*::argument:->arguments'

[[ $state = arguments ]] || return
case $words[1] in
status) _arguments '(-j --json)'{-j,--json}'[for programs]' ;;
test) _arguments '1:directory:_files -/' ;;
set)
	_arguments \
		'(-t --trust)'{-t,--trust}'[who may keep zero-copy]:list:(writable capable quiescent net:tcp net:udp net:unix net:vsock net:sctp net:mptcp net:tls)' \
		'(-g --group)'{-g,--group}'[whose members may]:group:_groups' \
		'(-p --persist)'{-p,--persist}'[at the next boot, too]' \
		"*:mode:($modes)" ;;
lock) _arguments '(-y --yes)'{-y,--yes}'[do not ask]' '(-p --persist)'{-p,--persist}'[at each boot]' ;;
top) _arguments '(-d --delay)'{-d,--delay}'[the interval]:seconds:' '(-n --iterations)'{-n,--iterations}'[end after so many]:count:' ;;
explain) _arguments '(-f --files)'{-f,--files}'[a row for each file]' '(-d --delay)'{-d,--delay}'[watch for so long]:seconds:' '*::command:_normal' ;;
metrics) _arguments '(-o --output)'{-o,--output}'[write to a file]:file:_files' ;;
bench)
	_arguments '(-m --modes)'{-m,--modes}'[go through the modes]' '(-o --output)'{-o,--output}'[where the files go]:directory:_files -/' \
		'*:part:(moves calls scale nginx)' ;;
help) _describe command commands ;;
esac
