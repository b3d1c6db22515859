package rsign;

import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.enumerations.SubIndication;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.policy.ValidationPolicy;
import eu.europa.esig.dss.policy.EtsiValidationPolicyFactory;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonCertificateSource;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.spi.x509.revocation.ocsp.ExternalResourcesOCSPSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jose4j.json.JsonUtil;

/**
 * What EU DSS says of signed documents. Reads {"jobs": [...]} from standard input, writes {"results": [...]}, in the
 * same order. Nothing is fetched: revocation data come from the document or from the job. README.md has the members.
 */
public final class Judge {
    private Judge() {}

    public static void main(String[] arguments) throws Exception {
        PrintStream answer = System.out;
        System.setOut(System.err); // whatever a library prints is no answer
        String asked = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        List<Object> results = new ArrayList<>();
        for (Object job : (List<?>) JsonUtil.parseJson(asked).get("jobs")) {
            results.add(judge((Map<?, ?>) job));
        }
        answer.println(JsonUtil.toJson(Map.of("results", results)));
        answer.flush();
    }

    /** A job that cannot be judged is an answer, too: not a signed document, for example. */
    private static Map<String, Object> judge(Map<?, ?> job) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("signed", job.get("signed"));
        try {
            result.put("signatures", signatures(job));
        } catch (Exception | StackOverflowError fault) {
            result.put("fault", fault.toString());
        }
        return result;
    }

    private static List<Object> signatures(Map<?, ?> job) throws Exception {
        SignedDocumentValidator validator =
                SignedDocumentValidator.fromDocument(new FileDocument(new File((String) job.get("signed"))));
        List<DSSDocument> detached = new ArrayList<>();
        for (Object one : list(job, "detached")) {
            detached.add(document(one));
        }
        validator.setDetachedContents(detached);
        validator.setCertificateVerifier(verifier(job));
        if (job.get("at") != null) {
            validator.setValidationTime(Date.from(Instant.parse((String) job.get("at"))));
        }
        Reports reports = validator.validateDocument(policy("ignored".equals(job.get("revocation"))));
        List<Object> signatures = new ArrayList<>();
        for (String id : reports.getSimpleReport().getSignatureIdList()) {
            signatures.add(signature(reports, id));
        }
        return signatures;
    }

    private static Map<String, Object> signature(Reports reports, String id) {
        SimpleReport simple = reports.getSimpleReport();
        Indication indication = simple.getIndication(id);
        SubIndication sub = simple.getSubIndication(id);
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("indication", indication.name());
        said.put("subindication", sub == null ? null : sub.name());
        // With a hyphen, as in the standards' names.
        said.put("format", simple.getSignatureFormat(id).toString());
        said.put("errors", texts(simple.getAdESValidationErrors(id)));
        said.put("warnings", texts(simple.getAdESValidationWarnings(id)));
        said.put("structure", reports.getDiagnosticData().getSignatureById(id).getStructuralValidationMessages());
        said.put("signed_by", simple.getSignedBy(id));
        Date signed = simple.getSigningTime(id);
        said.put("signing_time", signed == null ? null : signed.toInstant().toString());
        Date best = simple.getBestSignatureTime(id);
        said.put("best_time", best == null ? null : best.toInstant().toString());
        said.put("timestamps", reports.getDiagnosticData().getSignatureById(id).getTimestampList().stream()
                .map(stamp -> stamp.getType().name()).toList());
        said.put("bad_timestamps", badTimestamps(reports, id));
        said.put("said", said(reports.getDiagnosticData().getSignatureById(id)));
        reports.getDiagnosticData().getSignatures().stream().filter(one -> one.getId().equals(id)).findFirst()
                .map(one -> one.getSigningCertificate())
                .ifPresent(certificate -> said.put("certificate", certificate.getId()));
        return said;
    }

    /**
     * Those that are not over what they should be, or not good themselves: a signature passes beside one that is not, if
     * nothing depends on it yet.
     */
    private static List<String> badTimestamps(Reports reports, String id) {
        return reports.getDiagnosticData().getSignatureById(id).getTimestampList().stream()
                .filter(stamp -> !stamp.isMessageImprintDataFound() || !stamp.isMessageImprintDataIntact()
                        || !stamp.isSignatureValid()
                        || reports.getSimpleReport().getIndication(stamp.getId()) != Indication.PASSED)
                .map(stamp -> stamp.getType().name() + ": " + reports.getSimpleReport().getIndication(stamp.getId()) + " "
                        + reports.getSimpleReport().getSubIndication(stamp.getId()))
                .toList();
    }

    /** What else the signer says, a line each: commitments, the place, roles that are claimed. */
    private static List<String> said(SignatureWrapper signature) {
        List<String> lines = new ArrayList<>();
        signature.getCommitmentTypeIndications().forEach(one -> lines.add("commitment " + one.getIdentifier()));
        if (signature.isSignatureProductionPlacePresent()) {
            String place = Stream.of(signature.getCountryName(), signature.getCity(), signature.getStateOrProvince(),
                            signature.getStreetAddress(), signature.getPostalCode())
                    .filter(part -> part != null && !part.isEmpty())
                    .collect(Collectors.joining(" "));
            lines.add("place " + place);
        }
        signature.getClaimedRoles().forEach(role -> lines.add("role " + role.getRole()));
        return lines;
    }

    private static List<String> texts(List<Message> messages) {
        return messages.stream().map(message -> message.getKey() + ": " + message.getValue()).toList();
    }

    private static CommonCertificateVerifier verifier(Map<?, ?> job) throws IOException, CertificateException {
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.setAIASource(null);
        CommonTrustedCertificateSource roots = new CommonTrustedCertificateSource();
        for (Object path : list(job, "roots")) {
            certificates((String) path).forEach(one -> roots.addCertificate(new eu.europa.esig.dss.model.x509.CertificateToken(one)));
        }
        verifier.setTrustedCertSources(roots);
        CommonCertificateSource others = new CommonCertificateSource();
        for (Object path : list(job, "certificates")) {
            certificates((String) path).forEach(one -> others.addCertificate(new eu.europa.esig.dss.model.x509.CertificateToken(one)));
        }
        verifier.setAdjunctCertSources(others);
        if (!list(job, "crls").isEmpty()) {
            verifier.setCrlSource(new ExternalResourcesCRLSource(files(job, "crls")));
        }
        if (!list(job, "ocsps").isEmpty()) {
            verifier.setOcspSource(new ExternalResourcesOCSPSource(files(job, "ocsps")));
        }
        return verifier;
    }

    /** All certificates of a file, PEM or DER. */
    private static List<X509Certificate> certificates(String path) throws IOException, CertificateException {
        try (InputStream file = Files.newInputStream(Path.of(path))) {
            List<X509Certificate> found = new ArrayList<>();
            CertificateFactory.getInstance("X.509").generateCertificates(file)
                    .forEach(one -> found.add(DSSUtils.loadCertificate(encoded((X509Certificate) one)).getCertificate()));
            return found;
        }
    }

    private static byte[] encoded(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * DSS's own policy, but for two things: what its schemas object to is an error and not a warning, and where a job says
     * so revocation data need not be there.
     */
    private static ValidationPolicy policy(boolean withoutRevocation) throws IOException {
        String text;
        try (InputStream own = EtsiValidationPolicyFactory.class.getResourceAsStream("/policy/constraint.xml")) {
            text = new String(own.readAllBytes(), StandardCharsets.UTF_8);
        }
        text = replaced(text, "<StructuralValidation Level=\"WARN\" />", "<StructuralValidation Level=\"FAIL\" />");
        if (withoutRevocation) {
            for (String rule : List.of("RevocationDataAvailable", "AcceptableRevocationDataFound")) {
                text = replaced(text, "<" + rule + " Level=\"FAIL\" />", "<" + rule + " Level=\"IGNORE\" />");
            }
        }
        return new EtsiValidationPolicyFactory()
                .loadValidationPolicy(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String replaced(String text, String old, String with) {
        if (!text.contains(old)) {
            throw new IllegalStateException("the policy of this DSS has no " + old);
        }
        return text.replace(old, with);
    }

    /** A path, or {"path": ..., "name": ...} where the name that a signature refers to is another. */
    private static DSSDocument document(Object described) {
        if (described instanceof Map<?, ?> named) {
            FileDocument document = new FileDocument(new File((String) named.get("path")));
            document.setName((String) named.get("name"));
            return document;
        }
        return new FileDocument(new File((String) described));
    }

    private static DSSDocument[] files(Map<?, ?> job, String member) {
        return list(job, member).stream().map(Judge::document).toArray(DSSDocument[]::new);
    }

    private static List<?> list(Map<?, ?> job, String member) {
        Object value = job.get(member);
        return value == null ? List.of() : (List<?>) value;
    }
}
