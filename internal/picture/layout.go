package picture

import (
	"math"
	"slices"
)

// Sizes in pixels.
const (
	nodeWidth   = 176.0
	nodeHeight  = 46.0
	rowGap      = 16.0
	columnGap   = 58.0
	stageGap    = 84.0 // between columns of two stages
	laneHeight  = 16.0 // of an edge that passes a column
	groupPad    = 18.0
	groupHeader = 30.0
	emptyWidth  = 120.0 // a stage without steps
)

type point struct{ x, y float64 }

// box is a place with its upper left corner.
type box struct{ x, y, w, h float64 }

// layout is where everything goes.
type layout struct {
	width, height float64
	nodes         []box
	groups        []box // by group; of a diagram by stages, none
	lines         []line
}

// line is the way of an edge, through the lanes of the columns that it passes.
type line struct {
	edge edge
	// way begins at the right side of a node and ends at the left side of
	// another.
	way []point
}

// item is what takes a place in a column: a node, or the lane of an edge.
type item struct {
	node int // -1: a lane
	// size is its height with the gap.
	size float64
	y    float64 // its middle
	prev []*item // in the column before
	next []*item
}

// arrange lays a diagram out in columns: those of each stage follow those of
// the stage before, and within a stage a step is right of what it waits for.
// Edges from one node share their lanes. The order within columns is that of
// the means of their neighbors, as in Sugiyama, Tagawa and Toda, "Methods for
// visual understanding of hierarchical system structures" (1981).
func arrange(d diagram) layout {
	if d.byStage && len(d.nodes) > maxColumns*4 {
		return grid(d)
	}
	column, groupOf := d.columns()
	columns := make([][]*item, len(groupOf))
	items := make([]*item, len(d.nodes))
	for i := range d.nodes {
		items[i] = &item{node: i, size: nodeHeight + rowGap}
		columns[column[i]] = append(columns[column[i]], items[i])
	}
	lanes := map[lane]*item{}
	ways := make([][]*item, len(d.edges))
	for i, e := range d.edges {
		from, to := column[e.from], column[e.to]
		at := items[e.from]
		for c := from + 1; c < to; c++ {
			key := lane{e.from, c, e.order}
			next := lanes[key]
			if next == nil {
				next = &item{node: -1, size: laneHeight}
				lanes[key] = next
				columns[c] = append(columns[c], next)
				join(at, next)
			}
			ways[i] = append(ways[i], next)
			at = next
		}
		if from < to {
			join(at, items[e.to])
		}
	}
	order(columns)
	align(columns)
	return measure(d, columns, groupOf, items, ways)
}

// lane identifies the lane of a node's edges through a column.
type lane struct {
	from, column int
	order        bool
}

func join(a, b *item) {
	if !slices.Contains(a.next, b) {
		a.next, b.prev = append(a.next, b), append(b.prev, a)
	}
}

// columns gives the column of each node, and the group of each column. A group
// without nodes has one column.
func (d diagram) columns() (column, groupOf []int) {
	column = make([]int, len(d.nodes))
	before := make([][]int, len(d.nodes))
	for _, e := range d.edges {
		if d.byStage && e.from < e.to || !d.byStage && d.nodes[e.from].group == d.nodes[e.to].group {
			before[e.to] = append(before[e.to], e.from)
		}
	}
	rank := make([]int, len(d.nodes))
	state := make([]byte, len(d.nodes))
	var visit func(n int) int
	visit = func(n int) int {
		if state[n] == 0 {
			state[n] = 1
			for _, b := range before[n] {
				rank[n] = max(rank[n], visit(b)+1)
			}
		}
		return rank[n]
	}
	deepest := make([]int, len(d.groups))
	for i, n := range d.nodes {
		deepest[n.group] = max(deepest[n.group], visit(i))
	}
	if d.byStage {
		return rank, make([]int, slices.Max(rank)+1)
	}
	first := make([]int, len(d.groups))
	for g := range d.groups {
		first[g] = len(groupOf)
		for range deepest[g] + 1 {
			groupOf = append(groupOf, g)
		}
	}
	for i, n := range d.nodes {
		column[i] = first[n.group] + rank[i]
	}
	return column, groupOf
}

// order sorts each column by where its items' neighbors are.
func order(columns [][]*item) {
	place := map[*item]float64{}
	for _, c := range columns {
		for i, it := range c {
			place[it] = float64(i) / float64(len(c))
		}
	}
	sweep := func(c []*item, neighbors func(*item) []*item) {
		mean := map[*item]float64{}
		for _, it := range c {
			mean[it] = place[it]
			if near := neighbors(it); len(near) > 0 {
				sum := 0.0
				for _, n := range near {
					sum += place[n]
				}
				mean[it] = sum / float64(len(near))
			}
		}
		slices.SortStableFunc(c, func(a, b *item) int {
			switch {
			case mean[a] < mean[b]:
				return -1
			case mean[a] > mean[b]:
				return 1
			}
			return 0
		})
		for i, it := range c {
			place[it] = float64(i) / float64(len(c))
		}
	}
	for range 4 {
		for _, c := range columns {
			sweep(c, func(it *item) []*item { return it.prev })
		}
		for _, c := range slices.Backward(columns) {
			sweep(c, func(it *item) []*item { return it.next })
		}
	}
}

// align gives every item its height: near the mean of its neighbors, in order,
// and without an overlap.
func align(columns [][]*item) {
	for _, c := range columns {
		total := 0.0
		for _, it := range c {
			total += it.size
		}
		y := -total / 2
		for _, it := range c {
			it.y = y + it.size/2
			y += it.size
		}
	}
	toward := func(c []*item, neighbors func(*item) []*item) {
		wish := make([]float64, len(c))
		for i, it := range c {
			wish[i] = it.y
			if near := neighbors(it); len(near) > 0 {
				wish[i] = 0
				for _, n := range near {
					wish[i] += n.y / float64(len(near))
				}
			}
		}
		settle(c, wish)
	}
	for range 6 {
		for _, c := range columns {
			toward(c, func(it *item) []*item { return it.prev })
		}
		for _, c := range slices.Backward(columns) {
			toward(c, func(it *item) []*item { return it.next })
		}
	}
	for _, c := range columns {
		toward(c, func(it *item) []*item { return slices.Concat(it.prev, it.next) })
	}
}

// settle puts items as close to their wishes as order and sizes allow, in the
// sense of least squares: pool adjacent violators.
func settle(c []*item, wish []float64) {
	type pool struct {
		sum   float64
		count int
	}
	var pools []pool
	offset := 0.0
	offsets := make([]float64, len(c))
	for i, it := range c {
		if i > 0 {
			offset += (c[i-1].size + it.size) / 2
		}
		offsets[i] = offset
		pools = append(pools, pool{wish[i] - offset, 1})
		for n := len(pools); n > 1 && pools[n-2].sum/float64(pools[n-2].count) > pools[n-1].sum/float64(pools[n-1].count); n = len(pools) {
			pools[n-2].sum += pools[n-1].sum
			pools[n-2].count += pools[n-1].count
			pools = pools[:n-1]
		}
	}
	i := 0
	for _, p := range pools {
		for range p.count {
			c[i].y = p.sum/float64(p.count) + offsets[i]
			i++
		}
	}
}

// measure turns places in columns into pixels, with the upper left corner at
// zero.
func measure(d diagram, columns [][]*item, groupOf []int, items []*item, ways [][]*item) layout {
	left := make([]float64, len(columns))
	width := make([]float64, len(columns))
	x := groupPad
	for i, c := range columns {
		width[i] = nodeWidth
		if !slices.ContainsFunc(c, func(it *item) bool { return it.node >= 0 }) {
			width[i] = emptyWidth
		}
		if i > 0 {
			x += columnGap
			if groupOf[i] != groupOf[i-1] {
				x += stageGap - columnGap
			}
		}
		left[i] = x
		x += width[i]
	}
	out := layout{width: x + groupPad, nodes: make([]box, len(d.nodes))}
	columnOf := map[*item]int{}
	for i, c := range columns {
		for _, it := range c {
			columnOf[it] = i
		}
	}
	for i, it := range items {
		out.nodes[i] = box{left[columnOf[it]], it.y - nodeHeight/2, nodeWidth, nodeHeight}
	}
	if !d.byStage {
		out.groups = groups(d, out.nodes, left, width, groupOf)
	}
	for i, e := range d.edges {
		from, to := out.nodes[e.from], out.nodes[e.to]
		way := []point{{from.x + from.w, from.y + from.h/2}}
		for _, it := range ways[i] {
			c := columnOf[it]
			way = append(way, point{left[c], it.y}, point{left[c] + width[c], it.y})
		}
		out.lines = append(out.lines, line{e, append(way, point{to.x, to.y + to.h/2})})
	}
	out.shift()
	return out
}

// groups are the boxes around the nodes of each stage.
func groups(d diagram, nodes []box, left, width []float64, groupOf []int) []box {
	out := make([]box, len(d.groups))
	for g := range d.groups {
		first := slices.Index(groupOf, g)
		last := first
		for last+1 < len(groupOf) && groupOf[last+1] == g {
			last++
		}
		top, bottom := math.Inf(1), math.Inf(-1)
		for i, n := range d.nodes {
			if n.group == g {
				top, bottom = min(top, nodes[i].y), max(bottom, nodes[i].y+nodes[i].h)
			}
		}
		if math.IsInf(top, 0) {
			top, bottom = -nodeHeight/2, nodeHeight/2
		}
		out[g] = box{left[first] - groupPad, top - groupPad - groupHeader, left[last] + width[last] - left[first] + 2*groupPad, bottom - top + 2*groupPad + groupHeader}
	}
	return out
}

// margin is around the whole.
const margin = 12.0

// shift moves everything so that it begins at the margin, and takes the size.
func (l *layout) shift() {
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, b := range slices.Concat(l.nodes, l.groups) {
		top, bottom = min(top, b.y), max(bottom, b.y+b.h)
	}
	for _, line := range l.lines {
		for _, p := range line.way {
			top, bottom = min(top, p.y), max(bottom, p.y)
		}
	}
	if math.IsInf(top, 0) {
		top, bottom = 0, 0
	}
	for i := range l.nodes {
		l.nodes[i].x += margin
		l.nodes[i].y += margin - top
	}
	for i := range l.groups {
		l.groups[i].x += margin
		l.groups[i].y += margin - top
	}
	for i := range l.lines {
		for j := range l.lines[i].way {
			l.lines[i].way[j].x += margin
			l.lines[i].way[j].y += margin - top
		}
	}
	l.width += 2 * margin
	l.height = bottom - top + 2*margin
}

// maxColumns is how many nodes a row of a grid has.
const maxColumns = 10

// grid lays out many stages in rows, in their order.
func grid(d diagram) layout {
	l := layout{}
	for i := range d.nodes {
		l.nodes = append(l.nodes, box{float64(i%maxColumns) * (nodeWidth + columnGap), float64(i/maxColumns) * (nodeHeight + 3*rowGap), nodeWidth, nodeHeight})
	}
	l.width = maxColumns*(nodeWidth+columnGap) - columnGap
	for _, e := range d.edges {
		from, to := l.nodes[e.from], l.nodes[e.to]
		l.lines = append(l.lines, line{e, []point{{from.x + from.w, from.y + from.h/2}, {to.x, to.y + to.h/2}}})
	}
	l.shift()
	return l
}
