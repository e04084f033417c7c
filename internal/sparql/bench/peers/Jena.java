// Measures Apache Jena: java -cp 'lib/*' Jena.java <file> <runs>, queries on stdin
// as lines of a name, a tab and the query; measurements as JSON on stdout.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntSupplier;
import org.apache.jena.graph.Graph;
import org.apache.jena.graph.Node;
import org.apache.jena.query.Dataset;
import org.apache.jena.query.DatasetFactory;
import org.apache.jena.query.QueryExecution;
import org.apache.jena.query.QueryExecutionFactory;
import org.apache.jena.query.QuerySolution;
import org.apache.jena.query.ResultSet;
import org.apache.jena.riot.RDFDataMgr;
import org.apache.jena.sparql.graph.GraphFactory;

public class Jena {
    static String timed(String name, int runs, IntSupplier f) {
        double[] times = new double[runs];
        int count = 0;
        for (int i = 0; i <= runs; i++) {
            long start = System.nanoTime();
            count = f.getAsInt();
            if (i > 0) {
                times[i - 1] = (System.nanoTime() - start) / 1e6;
            }
        }
        Arrays.sort(times);
        return String.format(Locale.ROOT, "{\"name\":\"%s\",\"millis\":%.3f,\"count\":%d}", name, times[runs / 2], count);
    }

    static int rows(Dataset data, String text) {
        try (QueryExecution run = QueryExecutionFactory.create(text, data)) {
            ResultSet results = run.execSelect();
            List<QuerySolution> all = new ArrayList<>();
            results.forEachRemaining(all::add);
            if (all.size() == 1 && results.getResultVars().size() == 1) {
                Node only = all.get(0).get(results.getResultVars().get(0)).asNode();
                if (only.isLiteral() && only.getLiteralValue() instanceof Number n) {
                    return n.intValue();
                }
            }
            return all.size();
        }
    }

    public static void main(String[] args) throws Exception {
        int runs = Integer.parseInt(args[1]);
        List<String> out = new ArrayList<>();
        Graph[] graph = new Graph[1];
        out.add(timed("load", 2, () -> {
            graph[0] = GraphFactory.createDefaultGraph();
            RDFDataMgr.read(graph[0], args[0]);
            return graph[0].size();
        }));
        Dataset data = DatasetFactory.wrap(org.apache.jena.rdf.model.ModelFactory.createModelForGraph(graph[0]));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] query = line.split("\t", 2);
            out.add(timed(query[0], runs, () -> rows(data, query[1])));
        }
        System.out.println("[" + String.join(",", out) + "]");
    }
}
