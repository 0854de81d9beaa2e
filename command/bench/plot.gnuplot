# plot.gnuplot: the picture of one kernel.
#
#	gnuplot -e "kernel='6.12'; csv='6.12.csv'; targets='6.12.targets'; picture='6.12.svg'; unit='ns'; copy=0.05" plot.gnuplot
#
# unit is what times are in, and copy what one copy of a byte takes; without them, they are instructions of an emulated processor.
#
# Above what a byte costs by the size of the call, for the ways that matter most; in the middle the others at 64 KiB, and nginx;
# below how far each target is from its limit.
set terminal svg size 1280,1640 font "sans-serif,13" background "#ffffff" dynamic noenhanced
set output picture
set multiplot

GREY = "#8a8a8a"; STOCK = "#2b6cb0"; DEGRADE = "#c05621"; SEND = "#2f855a"; COPY = "#6b46c1"; BAD = "#c53030"; GOOD = "#2f855a"

series(mode, workload, source) = sprintf("< awk -F, '$2 == \"%s\" && $3 == \"%s\" && $4 == \"%s\" && $6 == \"ns_per_byte\" { print $5, $7 }' %s", mode, workload, source, csv)
# Where nothing was measured, an axis is left, and no error.
AXIS = "0 with lines linecolor rgb '#666666' notitle"
# One bar: its place, its figure.
bar(mode, workload, source, size, metric) = sprintf("< awk -F, '$2 == \"%s\" && $3 == \"%s\" && $4 == \"%s\" && $5 == %d && $6 == \"%s\" { print $7 }' %s", mode, workload, source, size, metric, csv)

set label 1 sprintf("spliceguard on Linux %s: what moving a byte costs", kernel) at screen 0.03,0.984 font "sans-serif,20"
if (!exists("unit")) { unit = "instructions"; copy = 1; said = " of an emulated processor" } else { said = "" }
set label 2 sprintf("processor time of both ends, in %s%s (one byte copied costs %.3g); less is better", unit, said, copy) at screen 0.03,0.967 font "sans-serif,13" textcolor rgb "#444444"

# By size
set logscale x 2
set xtics ("1 KiB" 1024, "4 KiB" 4096, "16 KiB" 16384, "64 KiB" 65536, "256 KiB" 262144, "1 MiB" 1048576) nomirror
set ytics nomirror
set border 3 linecolor rgb "#666666"
set grid ytics linecolor rgb "#e4e4e4" linetype 1
set xrange [900:1200000]
if (unit eq "instructions") { set yrange [0:7.5] } else { set yrange [0:*] }
set ylabel unit." a byte" textcolor rgb "#444444"
set key top right samplen 2 spacing 1.1

set origin 0.02,0.715
set size 0.48,0.24
set title "file to TCP by sendfile" font "sans-serif,15"
plot @AXIS, \
     series("any", "readwrite-tcp", "tmpfs") with linespoints linewidth 2 pointtype 7 pointsize 0.5 linecolor rgb GREY title "read and write", \
     series("any", "send-tcp", "memory") with linespoints linewidth 2 pointtype 7 pointsize 0.5 linecolor rgb SEND title "plain send()", \
     series("proposal", "sendfile-tcp", "tmpfs") with linespoints linewidth 2 pointtype 7 pointsize 0.5 linecolor rgb COPY title "upstream's proposal", \
     series("degrade", "sendfile-tcp", "tmpfs") with linespoints linewidth 3.5 pointtype 7 pointsize 0.6 linecolor rgb DEGRADE title "degrade", \
     series("stock", "sendfile-tcp", "tmpfs") using 1:($2 + copy) with lines dashtype 2 linewidth 2 linecolor rgb STOCK title "stock and one copy", \
     series("stock", "sendfile-tcp", "tmpfs") with linespoints linewidth 2 pointtype 7 pointsize 0.5 linecolor rgb STOCK title "stock, off"
unset label 1
unset label 2

set origin 0.50,0.715
set title "file to pipe to TCP by splice"
plot @AXIS, \
     series("any", "readwrite-tcp", "tmpfs") with linespoints linewidth 2 pointtype 7 pointsize 0.5 linecolor rgb GREY title "read and write", \
     series("proposal", "splice-tcp", "tmpfs") with linespoints linewidth 2 pointtype 7 pointsize 0.5 linecolor rgb COPY title "upstream's proposal", \
     series("degrade", "splice-tcp", "tmpfs") with linespoints linewidth 3.5 pointtype 7 pointsize 0.6 linecolor rgb DEGRADE title "degrade", \
     series("stock", "splice-tcp", "tmpfs") with linespoints linewidth 2 pointtype 7 pointsize 0.5 linecolor rgb STOCK title "stock, off"

# Bars, at 64 KiB
unset logscale x
unset ylabel
set style fill solid 0.9 noborder
set boxwidth 0.8
set yrange [0:*]
set xtics font "sans-serif,12" scale 0
set tmargin 4
set key outside top center horizontal maxrows 1 samplen 0.7 width -1 font "sans-serif,11"

set origin 0.02,0.475
set size 0.29,0.225
set xrange [-1:10]
set title "memory to TCP, 64 KiB" font "sans-serif,14"
set xtics ("send()" 0, "vmsplice" 2.5, "MSG_ZERO-\nCOPY" 5.5, "SEND_ZC" 8.5)
plot @AXIS, \
     bar("any", "send-tcp", "memory", 65536, "ns_per_byte") using (0):1 with boxes linecolor rgb SEND title "send()", \
     bar("stock", "vmsplice-tcp", "memory", 65536, "ns_per_byte") using (2):1 with boxes linecolor rgb STOCK title "stock", \
     bar("degrade", "vmsplice-tcp", "memory", 65536, "ns_per_byte") using (3):1 with boxes linecolor rgb DEGRADE title "degrade", \
     bar("stock", "zerocopy-tcp", "memory", 65536, "ns_per_byte") using (5):1 with boxes linecolor rgb STOCK notitle, \
     bar("degrade", "zerocopy-tcp", "memory", 65536, "ns_per_byte") using (6):1 with boxes linecolor rgb DEGRADE notitle, \
     bar("stock", "sendzc-tcp", "memory", 65536, "ns_per_byte") using (8):1 with boxes linecolor rgb STOCK notitle, \
     bar("degrade", "sendzc-tcp", "memory", 65536, "ns_per_byte") using (9):1 with boxes linecolor rgb DEGRADE notitle

set origin 0.31,0.475
set size 0.27,0.225
set xrange [-1:6]
set title "a proxy's own time; pipe to a reader; 64 KiB"
set xtics ("TCP to TCP" 1, "memory to read()" 5)
plot @AXIS, \
     bar("any", "proxy-recvsend", "tcp", 65536, "own_ns_per_byte") using (0):1 with boxes linecolor rgb GREY title "copying", \
     bar("stock", "proxy-splice", "tcp", 65536, "own_ns_per_byte") using (1):1 with boxes linecolor rgb STOCK title "stock", \
     bar("degrade", "proxy-splice", "tcp", 65536, "own_ns_per_byte") using (2):1 with boxes linecolor rgb DEGRADE title "degrade", \
     bar("any", "write-read", "memory", 65536, "ns_per_byte") using (4):1 with boxes linecolor rgb GREY notitle, \
     bar("stock", "vmsplice-read", "memory", 65536, "ns_per_byte") using (5):1 with boxes linecolor rgb STOCK notitle, \
     bar("degrade", "vmsplice-read", "memory", 65536, "ns_per_byte") using (6):1 with boxes linecolor rgb DEGRADE notitle

# Requests as a share of those with sendfile off.
set origin 0.58,0.475
set size 0.41,0.225
set title "nginx, requests per processor second; sendfile off = 1; more is better"
sizes = "4096 102400 10485760"
web(way, i, mode) = sprintf("< awk -F, '$3 == \"nginx-%s-off\" && $5 == %s { off = $7 } $2 == \"%s\" && $3 == \"nginx-%s-on\" && $5 == %s { on = $7 } END { if (off && on) print on / off }' %s", way, word(sizes, i), mode, way, word(sizes, i), csv)
set xtics ("4 KiB" 1, "100 KiB" 5, "10 MiB" 9, "TLS, 4 KiB" 13, "TLS, 100 KiB" 17, "TLS, 10 MiB" 21) font "sans-serif,11"
set xrange [-1:23]
set yrange [0:3]
low(x) = x > 3 ? 3 : x
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead linecolor rgb "#444444" linewidth 1.5 front
plot @AXIS, \
     for [i=1:3] web("plain", i, "stock") using (4 * i - 4):(low($1)) with boxes linecolor rgb STOCK title (i == 1 ? "stock" : ""), \
     for [i=1:3] web("plain", i, "log") using (4 * i - 3):(low($1)) with boxes linecolor rgb COPY title (i == 1 ? "log" : ""), \
     for [i=1:3] web("plain", i, "degrade") using (4 * i - 2):(low($1)) with boxes linecolor rgb DEGRADE title (i == 1 ? "degrade" : ""), \
     for [i=1:3] web("tls", i, "stock") using (4 * i + 8):(low($1)) with boxes linecolor rgb STOCK notitle, \
     for [i=1:3] web("tls", i, "log") using (4 * i + 9):(low($1)) with boxes linecolor rgb COPY notitle, \
     for [i=1:3] web("tls", i, "degrade") using (4 * i + 10):(low($1)) with boxes linecolor rgb DEGRADE notitle, \
     for [i=1:3] web("plain", i, "stock") using (4 * i - 4):(2.85):($1 > 3 ? sprintf("%.0f", $1) : "") with labels font "sans-serif,10" textcolor rgb "#ffffff" notitle, \
     for [i=1:3] web("plain", i, "log") using (4 * i - 3):(2.85):($1 > 3 ? sprintf("%.0f", $1) : "") with labels font "sans-serif,10" textcolor rgb "#ffffff" notitle
unset arrow 1
unset key

# Targets
set origin 0.02,0.0
set size 0.96,0.465
set tmargin 3
set title "how far each target's worst place is from its limit: left of the line it is met" font "sans-serif,15"
set lmargin 52
set xrange [0:3]
set yrange [*:*]
set offsets 0, 0, 0.7, 0.7
set xtics ("0" 0, "the limit" 1, "twice" 2, "3 times" 3) nomirror scale 1 font "sans-serif,12"
unset ytics
set ytics scale 0 font "sans-serif,12"
unset grid
set arrow 2 from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb "#444444" linewidth 1.5 front
set datafile separator "\t"
# Something is to be seen of those that are at 0.
far(word, x) = strcol(2) eq word ? (x > 3 ? 3 : x < 0.015 ? 0.015 : x) : 1/0
said(unused) = strcol(4)."  (".strcol(5).")"
plot 0.5 with lines linecolor rgb "#ffffff" notitle, \
     targets using (0):(-$0):(0):(far("met", $3)):(-$0 - 0.36):(-$0 + 0.36):ytic(1) with boxxyerror linecolor rgb GOOD, \
     targets using (0):(-$0):(0):(far("MISSED", $3)):(-$0 - 0.36):(-$0 + 0.36) with boxxyerror linecolor rgb BAD, \
     targets using ($3 > 2.5 ? 1/0 : $3):(-$0):(said(0)) with labels left offset 0.4,0 font "sans-serif,11", \
     targets using ($3 > 2.5 ? 2.98 : 1/0):(-$0):(said(0)) with labels right font "sans-serif,11" textcolor rgb "#ffffff"
unset multiplot
