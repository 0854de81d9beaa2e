# shellcheck shell=bash
# Completion of spliceguard(8).

_spliceguard() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' i
	local commands='status test set lock undo top explain metrics bench verify help'
	local modes='off log degrade block' ops='splice sendfile tee vmsplice zerocopy'
	local words=''
	COMPREPLY=()

	# bash makes words of OP=MODE: OP, =, MODE.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root) i=$((i + 1)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $command:$before in
	:--root | test:test | metrics:-o | metrics:--output | bench:-o | bench:--output)
		mapfile -t COMPREPLY < <(compgen -o filenames -f -- "$word")
		compopt -o filenames 2>/dev/null
		return ;;
	:*) words="$commands --root --version --help" ;;
	help:help) words=$commands ;;
	set:-t | set:--trust) words='writable capable quiescent fs: net:tcp net:udp net:unix net:vsock net:sctp net:mptcp net:tls' ;;
	set:-g | set:--group) words="none $(compgen -g)" ;;
	set:=) words=$modes ;;
	set:*)
		if [ "$word" = = ]; then
			word=
			words=$modes
		else
			words="$modes ${ops// /= }= --trust --group --persist --help"
			[[ $word != [a-z]* || $word = [oldb]* ]] || compopt -o nospace 2>/dev/null
		fi ;;
	status:*) words='--json --help' ;;
	lock:*) words='--yes --persist --help' ;;
	top:-d | top:--delay | top:-n | top:--iterations | explain:-d | explain:--delay) return ;;
	top:*) words='--delay --iterations --help' ;;
	explain:*)
		if [[ $word = -* ]]; then
			words='--files --delay --help'
		elif [[ $word = [0-9]* ]]; then
			words=$(cd /proc && echo [0-9]*)
		else
			mapfile -t COMPREPLY < <(compgen -c -- "$word")
			return
		fi ;;
	metrics:*) words='--output --help' ;;
	bench:*) words='moves calls scale nginx --modes --output --help' ;;
	*) words=--help ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _spliceguard spliceguard
