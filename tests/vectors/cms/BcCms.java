/* Makes CMS messages by Bouncy Castle: java -cp bcprov:bcpkix:bcutil BcCms.java */
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.CMSSignedDataStreamGenerator;
import org.bouncycastle.cms.SignerInfoGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.util.CollectionStore;

public class BcCms {
    static final ASN1ObjectIdentifier PKI_DATA = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.12.2");
    static final byte[] CONTENT = "the content that is signed\n".getBytes();

    static X509CertificateHolder certificate(String name) throws Exception {
        return new X509CertificateHolder(Files.readAllBytes(Path.of("../pkix/" + name + ".der")));
    }

    static SignerInfoGenerator signer(String name, String algorithm, boolean keyId) throws Exception {
        String pem = Files.readString(Path.of("../pkix/" + name + ".key"));
        Object read = new PEMParser(new StringReader(pem)).readObject();
        PrivateKey key = new JcaPEMKeyConverter().getPrivateKey((PrivateKeyInfo) read);
        JcaSignerInfoGeneratorBuilder builder = new JcaSignerInfoGeneratorBuilder(
            new JcaDigestCalculatorProviderBuilder().build());
        var content = new JcaContentSignerBuilder(algorithm).setProvider("BC").build(key);
        if (!keyId)
            return builder.build(content, certificate(name));
        X509CertificateHolder holder = certificate(name);
        var ski = org.bouncycastle.asn1.x509.SubjectKeyIdentifier.fromExtensions(holder.getExtensions());
        return builder.build(content, ski.getKeyIdentifier());
    }

    static void whole(String file, String name, String algorithm, boolean keyId) throws Exception {
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(signer(name, algorithm, keyId));
        generator.addCertificates(new CollectionStore<>(List.of(certificate(name), certificate("inter"))));
        Files.write(Path.of(file), generator.generate(
            new CMSProcessableByteArray(PKI_DATA, CONTENT), true).getEncoded());
    }

    static void stream(String file, String name, String algorithm) throws Exception {
        CMSSignedDataStreamGenerator generator = new CMSSignedDataStreamGenerator();
        generator.setBufferSize(10);
        generator.addSignerInfoGenerator(signer(name, algorithm, false));
        generator.addCertificates(new CollectionStore<>(List.of(certificate(name))));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream content = generator.open(PKI_DATA, out, true, null)) {
            content.write(CONTENT);
        }
        Files.write(Path.of(file), out.toByteArray());
    }

    public static void main(String[] arguments) throws Exception {
        java.security.Security.addProvider(new BouncyCastleProvider());
        whole("bc-ec.der", "leaf", "SHA256withECDSA", false);
        whole("bc-rsa-ski.der", "rsa", "SHA256withRSA", true);
        whole("bc-pss.der", "rsa", "SHA384withRSAandMGF1", false);
        whole("bc-ed25519.der", "ed25519", "Ed25519", false);
        whole("bc-ed448.der", "ed448", "Ed448", false);
        stream("bc-stream.der", "leaf", "SHA512withECDSA");
    }
}
